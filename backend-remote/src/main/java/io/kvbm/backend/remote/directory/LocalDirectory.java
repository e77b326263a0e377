package io.kvbm.backend.remote.directory;

import io.kvbm.api.block.BlockKey;
import io.kvbm.api.remote.BlockDirectory;
import io.kvbm.api.remote.DirectoryMember;
import io.kvbm.api.remote.DirectoryStatistics;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** One member of a {@link LocalSpace}: what it publishes is there when the call returns. */
final class LocalDirectory implements BlockDirectory {

  private final DirectoryMember self;
  private final DirectoryLimits limits;
  private final Notices notices;
  private final AtomicLong published = new AtomicLong();
  private final AtomicLong batches = new AtomicLong();
  private final AtomicLong dropped = new AtomicLong();
  private final AtomicBoolean closed = new AtomicBoolean();
  private volatile @Nullable LocalSpace space;
  private volatile int place = -1;

  LocalDirectory(DirectoryMember self, DirectoryLimits limits, Notices notices) {
    this.self = self;
    this.limits = limits;
    this.notices = notices;
  }

  DirectoryMember self() {
    return self;
  }

  Notices notices() {
    return notices;
  }

  void entered(LocalSpace joined, int number) {
    place = number;
    space = joined;
  }

  /** {@return whether the space had room} */
  boolean isEntered() {
    return place >= 0;
  }

  @Override
  public void publish(List<BlockKey> added, List<BlockKey> removed) {
    LocalSpace joined = space;
    if (joined == null || closed.get()) {
      return;
    }
    int left = joined.publish(place, this, added, removed, limits.ownBlocks());
    if (left >= 0) {
      published.addAndGet(added.size() + removed.size() - (long) left);
      batches.incrementAndGet();
      dropped.addAndGet(left);
    }
  }

  @Override
  public void clear() {
    LocalSpace joined = space;
    if (joined != null && !closed.get()) {
      joined.clear(place, this);
    }
  }

  @Override
  public List<Holder> holders(long fingerprint, List<BlockKey> keys, int from) {
    LocalSpace joined = space;
    return joined == null || closed.get()
        ? List.of()
        : joined.roster().holders(fingerprint, keys, from, place, self.agent().name().hashCode());
  }

  @Override
  public List<DirectoryMember> members() {
    LocalSpace joined = space;
    return joined == null || closed.get() ? List.of() : joined.roster().members(place);
  }

  @Override
  public boolean isConnected() {
    return !closed.get();
  }

  @Override
  public boolean flush(Duration timeout) {
    return !closed.get();
  }

  @Override
  public DirectoryStatistics statistics() {
    LocalSpace joined = space;
    long blocks =
        joined != null && !closed.get()
            ? joined.roster().index().entries() - joined.roster().index().entries(place)
            : 0;
    return new DirectoryStatistics(
        members().size(), blocks, published.get(), batches.get(), 0, 0, 0, dropped.get());
  }

  @Override
  public void close() {
    LocalSpace joined = space;
    if (joined != null && closed.compareAndSet(false, true)) {
      notices.close();
      joined.leave(place, this);
    }
  }
}
