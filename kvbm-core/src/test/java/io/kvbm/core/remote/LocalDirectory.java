package io.kvbm.core.remote;

import io.kvbm.api.block.BlockKey;
import io.kvbm.api.remote.BlockDirectory;
import io.kvbm.api.remote.DirectoryFactory;
import io.kvbm.api.remote.DirectoryListener;
import io.kvbm.api.remote.DirectoryMember;
import io.kvbm.api.remote.DirectoryStatistics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** A directory of one process. */
final class LocalDirectory implements DirectoryFactory {

  private final List<View> views = new ArrayList<>();

  @Override
  public String name() {
    return "local";
  }

  @Override
  public synchronized BlockDirectory join(DirectoryMember self, DirectoryListener listener) {
    View view = new View(self, listener);
    views.forEach(
        other -> {
          other.listener.joined(self);
          listener.joined(other.self);
        });
    views.add(view);
    return view;
  }

  /** {@return the blocks a member has announced} */
  synchronized Set<BlockKey> of(long workerId) {
    Set<BlockKey> all = new HashSet<>();
    views.stream().filter(v -> v.self.workerId() == workerId).forEach(v -> all.addAll(v.keys));
    return all;
  }

  /** A member's lease ends. */
  synchronized void expire(long workerId) {
    for (View view : List.copyOf(views)) {
      if (view.self.workerId() == workerId) {
        remove(view);
      }
    }
  }

  private synchronized void remove(View view) {
    if (views.remove(view)) {
      views.forEach(other -> other.listener.left(view.self));
    }
  }

  private final class View implements BlockDirectory {
    private final DirectoryMember self;
    private final DirectoryListener listener;
    private final Set<BlockKey> keys = new HashSet<>();

    View(DirectoryMember self, DirectoryListener listener) {
      this.self = self;
      this.listener = listener;
    }

    @Override
    public void publish(List<BlockKey> added, List<BlockKey> removed) {
      synchronized (LocalDirectory.this) {
        keys.addAll(added);
        removed.forEach(keys::remove);
      }
    }

    @Override
    public void clear() {
      synchronized (LocalDirectory.this) {
        keys.clear();
      }
    }

    @Override
    public List<Holder> holders(long fingerprint, List<BlockKey> wanted, int from) {
      synchronized (LocalDirectory.this) {
        List<Holder> holders = new ArrayList<>();
        for (View view : views) {
          int count = 0;
          while (from + count < wanted.size() && view.keys.contains(wanted.get(from + count))) {
            count++;
          }
          if (view != this && count > 0 && view.self.fingerprint() == fingerprint) {
            holders.add(new Holder(view.self, count));
          }
        }
        holders.sort(Comparator.comparingInt(Holder::blocks).reversed());
        return holders;
      }
    }

    @Override
    public List<DirectoryMember> members() {
      synchronized (LocalDirectory.this) {
        return views.stream().filter(view -> view != this).map(view -> view.self).toList();
      }
    }

    @Override
    public boolean isConnected() {
      return true;
    }

    @Override
    public boolean flush(Duration timeout) {
      return true;
    }

    @Override
    public DirectoryStatistics statistics() {
      return new DirectoryStatistics(0, 0, 0, 0, 0, 0, 0, 0);
    }

    @Override
    public void close() {
      remove(this);
    }
  }
}
