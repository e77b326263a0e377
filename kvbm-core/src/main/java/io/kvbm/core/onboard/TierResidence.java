package io.kvbm.core.onboard;

import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.core.pool.BlockPool;
import io.kvbm.core.tier.LocatedBlock;
import io.kvbm.core.tier.Tier;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * The residence of tiers that nobody else moves blocks up in: each edge is exclusive, so that a
 * block brought up leaves the tier it was in, or inclusive, so that it stays there too.
 */
public final class TierResidence implements Residence {

  private final List<Tier> tiers;
  private final IntPredicate exclusive;
  private final Removal removal;

  /** Changes before blocks that were brought up leave the tier they were in. */
  private final AtomicLong raises = new AtomicLong();

  /** Takes a block out of a tier that has one too many. */
  @FunctionalInterface
  public interface Removal {

    /**
     * Takes a block out, unless somebody wants it kept there.
     *
     * @param tier the index of the tier
     * @param block the block there; consumed
     */
    void remove(int tier, ImmutableBlock block);
  }

  /**
   * Creates a residence in which nobody keeps blocks that are one too many.
   *
   * @param tiers the fastest first; they stay the caller's
   * @param exclusive whether blocks brought up from the tier of an index leave it
   */
  public TierResidence(List<Tier> tiers, IntPredicate exclusive) {
    this(tiers, exclusive, (tier, block) -> tiers.get(tier).pool().remove(block));
  }

  /**
   * Creates a residence.
   *
   * @param tiers the fastest first; they stay the caller's
   * @param exclusive whether blocks brought up from the tier of an index leave it
   * @param removal takes them out of it
   */
  public TierResidence(List<Tier> tiers, IntPredicate exclusive, Removal removal) {
    this.tiers = List.copyOf(tiers);
    this.exclusive = exclusive;
    this.removal = removal;
  }

  @Override
  public List<LocatedBlock> match(List<BlockKey> keys) {
    List<LocatedBlock> found = new ArrayList<>();
    for (BlockKey key : keys) {
      LocatedBlock block = locate(key);
      if (block == null) {
        break;
      }
      found.add(block);
    }
    return found;
  }

  private @Nullable LocatedBlock locate(BlockKey key) {
    long before;
    do {
      before = raises.get();
      for (int tier = 0; tier < tiers.size(); tier++) {
        Optional<ImmutableBlock> block = tiers.get(tier).pool().find(key);
        if (block.isPresent()) {
          return new LocatedBlock(tier, block.get());
        }
      }
    } while (raises.get() != before);
    return null;
  }

  @Override
  public boolean contains(BlockKey key) {
    for (Tier tier : tiers) {
      if (tier.pool().contains(key)) {
        return true;
      }
    }
    return false;
  }

  @Override
  public void raised(int tier, List<ImmutableBlock> sources) {
    if (sources.isEmpty()) {
      return;
    }
    if (!exclusive.test(tier)) {
      BlockPool.closeAll(sources);
      return;
    }
    raises.incrementAndGet();
    for (ImmutableBlock source : sources.reversed()) {
      removal.remove(tier, source);
    }
  }

  /**
   * A block is in a higher tier now: takes it out of this one, if it is there.
   *
   * @param tier the index of this tier
   * @param key the block; a use keeps the other one meanwhile
   */
  public void takeOut(int tier, BlockKey key) {
    BlockPool pool = tiers.get(tier).pool();
    if (!pool.contains(key)) {
      return;
    }
    raises.incrementAndGet();
    pool.find(key).ifPresent(block -> removal.remove(tier, block));
  }
}
