package io.kvbm.backend.remote.tcp;

import io.kvbm.backend.remote.path.PathMemory;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One export of a peer on the data path, from the question for its key on, and how many copies use
 * it. Threading: safe from any thread.
 */
final class Reach {

  private final List<Consumer<Boolean>> whenIdle = new ArrayList<>();
  private @Nullable PathMemory memory;
  private boolean writable;
  private boolean ended;
  private boolean dirty;
  private int active = 1; // The question.

  /** The peer has answered. */
  synchronized void open(PathMemory opened, boolean isWritable) {
    memory = opened;
    writable = isWritable;
  }

  /** {@return whether the copy can go by the path} */
  synchronized boolean covers(DataRequest request) {
    PathMemory known = memory;
    return known != null
        && !ended
        && (request.read || writable)
        && request.offset >= 0
        && request.offset <= known.byteSize() - request.local.byteSize();
  }

  /** {@return the memory, for a copy that leaves it; null once it ended} */
  synchronized @Nullable PathMemory enter() {
    if (ended || memory == null) {
      return null;
    }
    active++;
    return memory;
  }

  /** A copy, or the question, has ended; dirty: but the peer may still find it on its way. */
  void leave(boolean isDirty) {
    synchronized (this) {
      dirty |= isDirty;
      active--;
    }
    tellIfIdle();
  }

  /** Lets nothing begin any more; tells once nothing is in flight whether it is dirty. */
  void end(Consumer<Boolean> then) {
    synchronized (this) {
      ended = true;
      whenIdle.add(then);
    }
    tellIfIdle();
  }

  synchronized boolean isDirty() {
    return dirty;
  }

  private void tellIfIdle() {
    List<Consumer<Boolean>> waiting;
    boolean isDirty;
    synchronized (this) {
      if (!ended || active > 0) {
        return;
      }
      if (memory != null) {
        memory.close();
        memory = null;
      }
      waiting = List.copyOf(whenIdle);
      whenIdle.clear();
      isDirty = dirty;
    }
    waiting.forEach(each -> each.accept(isDirty));
  }
}
