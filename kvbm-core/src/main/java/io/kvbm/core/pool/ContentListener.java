package io.kvbm.core.pool;

import io.kvbm.api.block.BlockKey;
import org.jspecify.annotations.Nullable;

/**
 * Told which blocks a pool can find. Each block that enters leaves once, or goes with {@link
 * #cleared()}; a duplicate of a block does not enter.
 *
 * <p>Threading: called under the pool's lock, so the calls of one pool come one at a time and in
 * the order of what happened: be quick, do not block, do not throw, do not call back into the pool.
 */
public interface ContentListener {

  /**
   * A block can be found from now on.
   *
   * @param key the block
   * @param parent the block before it, or null
   * @param tokens its tokens, which nobody may change; empty where the pool was given the key alone
   */
  void entered(BlockKey key, @Nullable BlockKey parent, int[] tokens);

  /**
   * Like {@link #entered(BlockKey, BlockKey, int[])}, for who wants to know where. A pool calls
   * this one.
   *
   * @param slot the number of its slot, which its eviction policy knows it by
   * @param key the block
   * @param parent the block before it, or null
   * @param tokens its tokens, which nobody may change; empty where the pool was given the key alone
   */
  default void entered(int slot, BlockKey key, @Nullable BlockKey parent, int[] tokens) {
    entered(key, parent, tokens);
  }

  /**
   * A block cannot be found any more: it was evicted, dropped or taken out as damaged.
   *
   * @param key the block
   */
  void left(BlockKey key);

  /** The pool was emptied. */
  void cleared();

  /**
   * {@return a listener that tells this one, then another}
   *
   * @param other told second
   */
  default ContentListener andThen(ContentListener other) {
    ContentListener first = this;
    return new ContentListener() {
      @Override
      public void entered(BlockKey key, @Nullable BlockKey parent, int[] tokens) {
        first.entered(key, parent, tokens);
        other.entered(key, parent, tokens);
      }

      @Override
      public void entered(int slot, BlockKey key, @Nullable BlockKey parent, int[] tokens) {
        first.entered(slot, key, parent, tokens);
        other.entered(slot, key, parent, tokens);
      }

      @Override
      public void left(BlockKey key) {
        first.left(key);
        other.left(key);
      }

      @Override
      public void cleared() {
        first.cleared();
        other.cleared();
      }
    };
  }
}
