package io.kvbm.core.pool;

import io.kvbm.api.block.ImmutableBlock;

/**
 * A block picked for eviction and kept in use until it was moved elsewhere. Lookups still find it.
 * Exactly one of {@link #finish()} and {@link #cancel()} ends it; later calls do nothing.
 * Threading: safe from any thread.
 */
public final class Eviction implements AutoCloseable {

  private final BlockPool pool;
  private final RegisteredBlock block;
  private boolean ended;

  Eviction(BlockPool pool, RegisteredBlock block) {
    this.pool = pool;
    this.block = block;
  }

  /** {@return the block; it must not be closed} */
  public ImmutableBlock block() {
    return block;
  }

  /**
   * Drops the block from the pool, unless somebody has taken it into use again meanwhile, or a
   * child of it is resident.
   *
   * @return whether the block is gone
   */
  public boolean finish() {
    return end(true);
  }

  /** Keeps the block. */
  public void cancel() {
    end(false);
  }

  /** Keeps the block unless {@link #finish()} was called. */
  @Override
  public void close() {
    cancel();
  }

  private boolean end(boolean evict) {
    synchronized (this) {
      if (ended) {
        return false;
      }
      ended = true;
    }
    return pool.endEviction(block, evict);
  }
}
