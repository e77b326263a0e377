package io.kvbm.backend.system;

import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** What is open in a backend and goes with it. Threading: safe from any thread. */
final class OpenStores {

  private final Map<Object, Runnable> closers = new LinkedHashMap<>();
  private boolean closed;

  /** {@return a store that is opened unless the backend is closed, and closed with it} */
  synchronized <T> T open(Supplier<T> opener, Consumer<T> closer) {
    if (closed) {
      throw new ClosedException(ErrorCode.CLOSED, "the system backend is closed; open it again");
    }
    T store = opener.get();
    closers.put(store, () -> closer.accept(store));
    return store;
  }

  /** A store was closed by its owner. */
  synchronized void forget(Object store) {
    closers.remove(store);
  }

  synchronized boolean isClosed() {
    return closed;
  }

  /** Closes what is open, and refuses to open more. */
  void close() {
    List<Runnable> due;
    synchronized (this) {
      closed = true;
      due = new ArrayList<>(closers.values());
    }
    due.forEach(Runnable::run); // outside the lock: a store may wait for its operations
  }
}
