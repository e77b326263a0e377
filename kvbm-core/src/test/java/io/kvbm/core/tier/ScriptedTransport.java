package io.kvbm.core.tier;

import io.kvbm.api.CorruptionException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.TransientException;
import io.kvbm.api.spi.Availability;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.spi.BackendContext;
import io.kvbm.api.spi.BackendProvider;
import io.kvbm.api.spi.ConfigKey;
import io.kvbm.api.spi.Spi;
import io.kvbm.api.spi.SpiVersion;
import io.kvbm.api.storage.Region;
import io.kvbm.api.transfer.Route;
import io.kvbm.api.transfer.TransferBatch;
import io.kvbm.api.transfer.TransferCompletion;
import io.kvbm.api.transfer.Transport;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A backend whose transport copies host memory, unless the test lets it fail or wait. */
public final class ScriptedTransport implements Transport, BackendProvider {

  /** What a block fails with, while there is something. */
  public volatile @Nullable Supplier<KvbmException> failure;

  /** Whether batches wait for {@link #release}. */
  public volatile boolean holds;

  /** How many batches more wait, whatever {@link #holds} says. */
  public final AtomicInteger holdsNext = new AtomicInteger();

  /** Whether the first byte of each block changes on the way. */
  public volatile boolean damages;

  /** Where each batch began to read, in the order of their coming. */
  final List<Long> sourceOffsets = new CopyOnWriteArrayList<>();

  private final LinkedBlockingQueue<Runnable> held = new LinkedBlockingQueue<>();

  /** Moves everything at once until told otherwise. */
  public ScriptedTransport() {}

  @Override
  public String name() {
    return "scripted";
  }

  @Override
  public boolean supports(Route route) {
    return route.source().kind().equals("system") && route.target().kind().equals("system");
  }

  @Override
  public void submit(TransferBatch batch, TransferCompletion completion) {
    sourceOffsets.add(batch.sourceOffset(0));
    if (holds || holdsNext.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
      held.add(() -> copy(batch, completion));
    } else {
      copy(batch, completion);
    }
  }

  /** {@return how many batches wait} */
  public int heldCount() {
    return held.size();
  }

  /** Lets the batches that wait go on. */
  public void release() {
    holds = false;
    for (Runnable next = held.poll(); next != null; next = held.poll()) {
      next.run();
    }
  }

  private void copy(TransferBatch batch, TransferCompletion completion) {
    Supplier<KvbmException> cause = failure;
    long[] moved = new long[batch.blockCount()];
    for (int copy = 0; copy < batch.size() && cause == null; copy++) {
      MemorySegment.copy(
          segment(batch.sourceRegion(copy)),
          0,
          segment(batch.targetRegion(copy)),
          0,
          batch.byteSize(copy));
      moved[batch.block(copy)] += batch.byteSize(copy);
    }
    for (int copy = 0; copy < batch.size() && damages; copy++) {
      MemorySegment target = segment(batch.targetRegion(copy));
      target.set(ValueLayout.JAVA_BYTE, 0, (byte) (target.get(ValueLayout.JAVA_BYTE, 0) ^ 1));
    }
    for (int block = 0; block < moved.length; block++) {
      if (cause == null) {
        completion.done(block, moved[block]);
      } else {
        completion.failed(block, cause.get());
      }
    }
    completion.drained();
  }

  /** Forgets the batches that wait: they never end. */
  public int forget() {
    List<Runnable> forgotten = new ArrayList<>();
    return held.drainTo(forgotten);
  }

  private static MemorySegment segment(Region region) {
    return ((Region.HostRegion) region).segment();
  }

  @Override
  public SpiVersion builtFor() {
    return new SpiVersion(Spi.MAJOR, Spi.MINOR);
  }

  @Override
  public Set<String> storageKinds() {
    return Set.of("system");
  }

  @Override
  public List<ConfigKey> configKeys() {
    return List.of();
  }

  @Override
  public Availability probe(BackendConfig config) {
    return new Availability.Available("here");
  }

  @Override
  public Backend open(BackendContext context, BackendConfig config) {
    return new Backend() {
      @Override
      public List<Transport> transports() {
        return List.of(ScriptedTransport.this);
      }

      @Override
      public void close() {}
    };
  }

  public static KvbmException broken(ErrorCode code) {
    return code == ErrorCode.CORRUPT
        ? new CorruptionException(code, "bytes changed")
        : new TransientException(code, "try again");
  }
}
