package io.kvbm.core.pool;

import static io.kvbm.core.pool.Pools.key;
import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.block.MutableBlock;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Parents that are taken out while their children stay, among many blocks. */
@ExtendWith(FailOnLeak.class)
class ParentRemovalTest {

  private static final int BLOCKS = 2000;
  private static final int FAN_OUT = 5;

  private final BlockPool pool = Pools.ofSize(BLOCKS);

  /** Which blocks the pool should have. */
  private final BitSet resident = new BitSet(BLOCKS);

  private static int parentOf(int n) {
    return (n - 1) / FAN_OUT;
  }

  private boolean hasChild(int n) {
    int first = n * FAN_OUT + 1;
    int child = resident.nextSetBit(first);
    return child >= 0 && child < first + FAN_OUT;
  }

  private void register(int n) {
    if (!resident.get(n)) {
      BlockKey parent = n == 0 ? null : key(parentOf(n));
      Pools.register(pool, key(n), parent).close();
      resident.set(n);
    }
  }

  private void remove(int n) {
    if (resident.get(n)) {
      pool.remove(pool.find(key(n)).orElseThrow());
      resident.clear(n);
    }
  }

  private void reset(int n, String when) {
    ResetReport report = pool.resetBlocks(List.of(key(n)));
    List<BlockKey> expected =
        !resident.get(n) ? report.notFound() : hasChild(n) ? report.notReset() : report.reset();
    assertThat(expected).as(when).containsExactly(key(n));
    if (!hasChild(n)) {
      resident.clear(n);
    }
  }

  @Test
  void childrenOfARemovedParentGoBeforeItOnceItIsBack() {
    long seed = ThreadLocalRandom.current().nextLong();
    SplittableRandom random = new SplittableRandom(seed);
    for (int n = 0; n < BLOCKS; n++) {
      register(n);
    }
    for (int step = 0; step < 20_000; step++) {
      int n = random.nextInt(random.nextBoolean() ? BLOCKS : BLOCKS / FAN_OUT);
      switch (random.nextInt(4)) {
        case 0 -> remove(n);
        case 1 -> reset(n, "block %d, step %d, seed %d".formatted(n, step, seed));
        default -> register(n);
      }
    }
    assertLeavesGoFirst(seed);
  }

  /** Each block that is evicted has no child left. */
  private void assertLeavesGoFirst(long seed) {
    int count = resident.cardinality();
    assertThat(pool.status())
        .as("seed %d", seed)
        .isEqualTo(new PoolStatus(0, count, BLOCKS - count));
    while (!resident.isEmpty()) {
      List<Eviction> picked = pool.beginEvictions(1);
      assertThat(picked).as("seed %d", seed).hasSize(1);
      ImmutableBlock block = picked.getFirst().block();
      int n =
          resident.stream().filter(one -> key(one).equals(block.key())).findFirst().orElseThrow();
      assertThat(hasChild(n)).as("block %d, seed %d", n, seed).isFalse();
      assertThat(picked.getFirst().finish()).isTrue();
      resident.clear(n);
    }
    List<MutableBlock> all = pool.allocateBlocks(BLOCKS);
    BlockPool.closeAll(all);
  }
}
