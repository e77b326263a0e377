package io.kvbm.core.onboard;

import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.ImmutableBlock;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One block on its way up and who waits for it. Under the lock of its {@link LoadTable}. */
final class Load {

  /** Who waits for a block, and at which place of its sequence. */
  record Waiter(OnboardRequest request, int index) {}

  static final Comparator<Load> ORDER =
      Comparator.comparingLong((Load load) -> load.priority)
          .reversed()
          .thenComparingLong(load -> load.sequence);

  final BlockKey key;
  final int tier;
  final ImmutableBlock source;
  final boolean isProbe;
  final long sequence;
  final List<Waiter> waiters = new ArrayList<>(1);
  long priority;

  /** What it was started with. */
  @Nullable LoadBatch batch;

  Load(int tier, ImmutableBlock source, boolean isProbe, long priority, long sequence) {
    this.key = source.key();
    this.tier = tier;
    this.source = source;
    this.isProbe = isProbe;
    this.priority = priority;
    this.sequence = sequence;
  }

  boolean isWanted() {
    return isProbe || !waiters.isEmpty();
  }
}
