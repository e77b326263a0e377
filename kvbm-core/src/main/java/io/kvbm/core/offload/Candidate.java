package io.kvbm.core.offload;

import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.block.WeakBlock;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A block that somebody wants copied. It does not keep the block in use. */
record Candidate(BlockKey key, @Nullable BlockKey parent, WeakBlock weak, long priority) {

  /** {@return a candidate per block, each with its own priority where that is higher} */
  static List<Candidate> of(List<ImmutableBlock> blocks, long priority) {
    List<Candidate> candidates = new ArrayList<>(blocks.size());
    for (ImmutableBlock block : blocks) {
      long own = block.metadata().offloadPriority().orElse(priority);
      candidates.add(
          new Candidate(
              block.key(),
              block.parent().orElse(null),
              block.downgrade(),
              Math.max(priority, own)));
    }
    return candidates;
  }
}
