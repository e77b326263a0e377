package io.kvbm.core.retention;

import io.kvbm.api.CapacityException;
import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.core.pool.BlockPool;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The blocks of one pool that {@link Pins} and {@link Leases} keep in use, at most a share of the
 * pool: one open handle per block, counted. As a resident child keeps its parents, those need no
 * handle of their own.
 *
 * <p>Threading: safe from any thread, but not to be called under a pool's lock.
 */
public final class RetainedBlocks {

  /** A block and for how many it is kept. */
  private static final class Held {
    private ImmutableBlock block;
    private int count;

    Held(ImmutableBlock block) {
      this.block = block;
    }
  }

  private final BlockPool pool;
  private final double maxShare;
  private final Map<BlockKey, Held> heldByKey = new HashMap<>();

  /**
   * Keeps nothing yet.
   *
   * @param pool the pool
   * @param maxShare of its blocks this share may be kept, above 0 and up to 1
   * @throws ConfigurationException if the share is another
   */
  public RetainedBlocks(BlockPool pool, double maxShare) {
    if (!(maxShare > 0 && maxShare <= 1)) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG,
          "the share of pool %s that may be kept is %s: it must be above 0 and up to 1"
              .formatted(pool.name(), maxShare));
    }
    this.pool = pool;
    this.maxShare = maxShare;
  }

  /** {@return how many blocks are kept; one that is kept for several counts once} */
  public synchronized int blockCount() {
    return heldByKey.size();
  }

  /** {@return how many blocks may be kept} */
  public long maxBlocks() {
    return (long) (maxShare * pool.totalBlocks());
  }

  /** {@return bytes of one block} */
  public long blockByteSize() {
    return pool.shape().blockByteSize();
  }

  /** Keeps the blocks that are found, once more each, and returns which they are. */
  List<BlockKey> retain(List<BlockKey> keys) {
    List<ImmutableBlock> spare = new ArrayList<>();
    List<BlockKey> kept = new ArrayList<>(keys.size());
    try {
      synchronized (this) {
        List<ImmutableBlock> found =
            pool.matchScattered(keys).stream().flatMap(Optional::stream).toList();
        found.forEach(block -> kept.add(block.key()));
        try {
          requireRoom(kept);
        } catch (CapacityException e) {
          spare.addAll(found);
          throw e;
        }
        found.forEach(block -> spare.addAll(add(block)));
      }
    } finally {
      BlockPool.closeAll(spare);
    }
    return kept;
  }

  /**
   * Takes a block out of the pool unless it is kept here.
   *
   * @param key a block
   * @param before run before it is taken out
   * @return whether it was taken out
   */
  synchronized boolean removeUnlessKept(BlockKey key, Runnable before) {
    if (heldByKey.containsKey(key) || !pool.contains(key)) {
      return false;
    }
    Optional<ImmutableBlock> block = pool.find(key);
    if (block.isEmpty()) {
      return false;
    }
    before.run();
    pool.remove(block.get());
    return true;
  }

  /** Ends one keeping of each block; a key that is not kept is left out. */
  void release(List<BlockKey> keys) {
    List<ImmutableBlock> unused = new ArrayList<>();
    synchronized (this) {
      for (BlockKey key : keys) {
        Held held = heldByKey.get(key);
        if (held != null && --held.count == 0) {
          heldByKey.remove(key);
          unused.add(held.block);
        }
      }
    }
    BlockPool.closeAll(unused);
  }

  private void requireRoom(List<BlockKey> keys) {
    Set<BlockKey> more = new HashSet<>(keys);
    more.removeAll(heldByKey.keySet());
    long available = maxBlocks() - heldByKey.size();
    if (more.size() > available) {
      throw new CapacityException(
          ErrorCode.NOT_ENOUGH_BLOCKS_AVAILABLE,
          "pool %s may keep %d of its %d blocks in use, %d are kept and %d more asked for; unpin or let leases end first"
              .formatted(
                  pool.name(), maxBlocks(), pool.totalBlocks(), heldByKey.size(), more.size()),
          more.size(),
          Math.max(0, available));
    }
  }

  /** Takes one handle over and returns the one that is not needed, if any. */
  private List<ImmutableBlock> add(ImmutableBlock block) {
    Held held = heldByKey.computeIfAbsent(block.key(), key -> new Held(block));
    held.count++;
    if (held.block == block) {
      return List.of();
    }
    if (held.block.blockId() == block.blockId()) {
      return List.of(block);
    }
    // The one kept so far was taken out as damaged: the key names another slot now.
    ImmutableBlock stale = held.block;
    held.block = block;
    return List.of(stale);
  }
}
