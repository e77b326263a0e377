package io.kvbm.cli.replay;

import io.kvbm.api.block.BlockKey;
import io.kvbm.api.layout.Layout;
import io.kvbm.api.storage.Storage;
import io.kvbm.core.Platform;
import io.kvbm.core.tier.LocatedBlock;
import io.kvbm.core.tier.Tier;
import java.lang.foreign.ValueLayout;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Changes stored blocks behind every check, just before they are asked for: a replay must find each
 * of them. Spread over the first half of the trace; what finds no block to change is made up for in
 * the second.
 */
final class Sabotage implements AutoCloseable {

  private final Platform platform;
  private final List<Tier> tiers;
  private final int wanted;
  private final int requests;
  private final Storage scratch;
  private int done;

  Sabotage(Platform platform, List<Tier> tiers, int wanted, int requests) {
    this.platform = platform;
    this.tiers = tiers;
    this.wanted = wanted;
    this.requests = requests;
    this.scratch = platform.allocator("system").allocate(BlockShape.UNIT);
  }

  /** Changes some of the blocks that a request is about to use. */
  void strike(int request, List<LocatedBlock> found) {
    long due = Math.min(wanted, Math.ceilDiv(2L * wanted * (request + 1), requests));
    Set<BlockKey> struck = new HashSet<>();
    for (int i = found.size() - 1; i >= 0 && done < due; i--) {
      LocatedBlock block = found.get(i);
      Optional<Layout> layout = tiers.get(block.tier()).pool().layout();
      if (layout.isPresent() && struck.add(block.block().key())) {
        change(layout.get(), block.block().blockId());
        done++;
      }
    }
  }

  /** Blocks changed so far. */
  int count() {
    return done;
  }

  private void change(Layout layout, int block) {
    Storage storage = layout.storage(layout.storageIndex(block, 0, 0));
    long offset = layout.offset(block, 0, 0);
    platform.transfers().copy(storage, offset, scratch, 0, BlockShape.UNIT);
    long word = (done * 8L) % BlockShape.UNIT;
    long value = scratch.mutableView().get(ValueLayout.JAVA_LONG, word);
    scratch.mutableView().set(ValueLayout.JAVA_LONG, word, value ^ 1L << done % Long.SIZE);
    platform.transfers().copy(scratch, 0, storage, offset, BlockShape.UNIT);
  }

  @Override
  public void close() {
    scratch.close();
  }
}
