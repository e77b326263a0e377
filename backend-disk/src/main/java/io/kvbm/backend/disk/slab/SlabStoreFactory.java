package io.kvbm.backend.disk.slab;

import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.store.BlockStore;
import io.kvbm.api.store.BlockStoreFactory;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Opens the block store of one directory; one at a time, the directory is locked. Closing the
 * factory closes what is open. Threading: safe from any thread.
 */
public final class SlabStoreFactory implements BlockStoreFactory, AutoCloseable {

  private final Supplier<SlabEnvironment> environment;
  private final SlabSettings settings;
  private final Set<SlabStore> open = new LinkedHashSet<>();
  private boolean closed;

  /**
   * Creates a factory; nothing is opened.
   *
   * @param environment what stores work with, asked for at each open
   * @param settings how they work
   */
  public SlabStoreFactory(Supplier<SlabEnvironment> environment, SlabSettings settings) {
    this.environment = environment;
    this.settings = settings;
  }

  @Override
  public String storageKind() {
    return "disk";
  }

  @Override
  public boolean isPersistent() {
    return true;
  }

  @Override
  public synchronized BlockStore open(Spec spec) {
    if (closed) {
      throw new ClosedException(ErrorCode.CLOSED, "the disk backend is closed; open it again");
    }
    SlabStore store = SlabStore.open(environment.get(), settings, spec);
    open.add(store);
    store.afterClose(() -> forget(store));
    return store;
  }

  private synchronized void forget(SlabStore store) {
    open.remove(store);
  }

  @Override
  public void close() {
    List<SlabStore> due;
    synchronized (this) {
      closed = true;
      due = new ArrayList<>(open);
    }
    due.forEach(SlabStore::close); // outside the lock: a store waits for its operations
  }
}
