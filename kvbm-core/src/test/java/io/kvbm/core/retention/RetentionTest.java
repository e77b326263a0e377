package io.kvbm.core.retention;

import static io.kvbm.core.retention.TestPool.chain;
import static io.kvbm.core.retention.TestPool.key;
import static io.kvbm.core.retention.TestPool.keys;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.kvbm.api.CallerException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.core.pool.BlockPool;
import io.kvbm.core.time.Deadlines;
import io.kvbm.testkit.ManualClock;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** What holds over several tiers. */
class RetentionTest {

  private static final long SECOND = 1_000_000_000L;

  private final ManualClock clock = new ManualClock();
  private final Deadlines deadlines = Deadlines.manual(clock.nanoTime());
  private final BlockPool upper = TestPool.of(8);
  private final BlockPool lower = TestPool.of(8);
  private final Retention retention = retention();

  private Retention retention() {
    RetentionOptions options =
        RetentionOptions.DEFAULT.withMaxNamespaces(4).withLife(1000 * SECOND, SECOND);
    Map<String, BlockPool> pools = new LinkedHashMap<>();
    pools.put("upper", upper);
    pools.put("lower", lower);
    return new Retention(new RetentionRules(options, clock), pools, deadlines, Runnable::run);
  }

  private long retained() {
    return Stream.of("upper", "lower")
        .mapToLong(tier -> retention.statistics().pins().get(tier).retainedBlocks())
        .sum();
  }

  private static void refused(String what, ThrowingCallable call) {
    assertThatExceptionOfType(CallerException.class)
        .isThrownBy(call)
        .withMessageStartingWith(what)
        .withMessageEndingWith(" ns is over before it begins: give more than 0")
        .satisfies(e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_ARGUMENT));
  }

  @Test
  void timesThatAreOverBeforeTheyBeginAreRefused() {
    chain(upper, 1);
    ImmutableBlock block = upper.find(key(1)).orElseThrow();
    for (long nanos : new long[] {0, -1, Long.MIN_VALUE}) {
      refused("a life", () -> retention.setLife("a", nanos));
      refused("a life", () -> retention.renew(key(1), nanos));
      refused("a pin", () -> retention.pin("a", keys(1), nanos));
      refused("a pin", () -> retention.pins("upper").pin("a", keys(1), nanos));
      refused("a lease", () -> retention.lease(Map.of(0, List.of(block)), nanos));
    }
    block.close();
    assertThat(retained()).isZero();
    assertThat(retention.statistics().namespaces())
        .extracting(NamespaceUsage::namespace)
        .doesNotContain("a");
  }

  /** Regression: only a want of room gave back what other tiers had granted. */
  @Test
  void aLeaseThatFailsInOneTierHoldsNothingInAnother() {
    chain(upper, 1);
    chain(lower, 2);
    ImmutableBlock found = upper.find(key(1)).orElseThrow();
    ImmutableBlock closed = lower.find(key(2)).orElseThrow();
    closed.close();
    Map<Integer, List<ImmutableBlock>> byTier = new LinkedHashMap<>();
    byTier.put(0, List.of(found));
    byTier.put(1, List.of(closed));

    assertThatExceptionOfType(CallerException.class)
        .isThrownBy(() -> retention.lease(byTier, SECOND))
        .satisfies(e -> assertThat(e.code()).isEqualTo(ErrorCode.BLOCK_STATE_INVALID));

    found.close();
    assertThat(retained()).isZero();
    assertThat(retention.statistics().leases().get("upper").active()).isZero();
  }

  /** Regression: the same of pins. */
  @Test
  void aPinThatFailsInOneTierHoldsNothingInAnother() {
    chain(upper, 1);
    lower.close();

    assertThatExceptionOfType(ClosedException.class)
        .isThrownBy(() -> retention.pin("a", keys(1, 2), SECOND));

    assertThat(retained()).isZero();
    assertThat(deadlines.pendingCount()).as("the next sweep").isEqualTo(1);
  }
}
