package io.kvbm.core.retention;

import static io.kvbm.core.retention.TestPool.chain;
import static io.kvbm.core.retention.TestPool.evictAll;
import static io.kvbm.core.retention.TestPool.key;
import static io.kvbm.core.retention.TestPool.keys;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.kvbm.api.CallerException;
import io.kvbm.api.CapacityException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.core.pool.BlockPool;
import io.kvbm.core.time.Deadlines;
import java.util.List;
import org.junit.jupiter.api.Test;

class LeasesTest {

  private static final long SECOND = 1_000_000_000L;

  private final BlockPool pool = TestPool.of(8);
  private final Deadlines deadlines = Deadlines.manual(0);
  private final RetainedBlocks retained = new RetainedBlocks(pool, 0.5);
  private final Leases leases = new Leases(retained, deadlines);

  @Test
  void found_blocks_stay_for_the_time_of_the_lease_though_their_finder_is_gone() {
    Lease lease = lease(chain(pool, 1, 2), SECOND);
    deadlines.advanceTo(SECOND - 1);
    evictAll(pool);
    assertThat(pool.contains(key(2))).isTrue();
    assertThat(lease.isActive()).isTrue();

    deadlines.advanceTo(SECOND);
    evictAll(pool);

    assertThat(pool.contains(key(1))).isFalse();
    assertThat(lease.isActive()).isFalse();
    assertThat(leases.statistics()).isEqualTo(new LeaseStatistics(0, 0, 1, 1, 0));
  }

  @Test
  void a_renewed_lease_ends_at_its_new_time_only() {
    Lease lease = lease(chain(pool, 1), SECOND);
    deadlines.advanceTo(SECOND / 2);
    assertThat(lease.renew(2 * SECOND)).isTrue();
    assertThat(deadlines.pendingCount()).isEqualTo(1);
    deadlines.advanceTo(2 * SECOND);
    assertThat(lease.isActive()).isTrue();

    deadlines.advanceTo(3 * SECOND);

    assertThat(lease.isActive()).isFalse();
    assertThat(lease.renew(SECOND)).isFalse();
    assertThat(retained.blockCount()).isZero();
  }

  @Test
  void leases_of_the_same_block_end_each_on_its_own() {
    List<BlockKey> keys = chain(pool, 1, 2);
    Lease first = lease(keys, SECOND);
    Lease second = lease(keys.subList(0, 1), 9 * SECOND);
    assertThat(leases.statistics()).isEqualTo(new LeaseStatistics(2, 3, 2, 0, 0));
    assertThat(first.keys()).isEqualTo(keys);

    first.close();
    first.close();
    evictAll(pool);

    assertThat(pool.contains(key(1))).isTrue();
    assertThat(pool.contains(key(2))).isFalse();
    second.close();
    assertThat(pool.availableBlocks()).isEqualTo(8);
    assertThat(leases.statistics()).isEqualTo(new LeaseStatistics(0, 0, 2, 0, 0));
    assertThat(deadlines.pendingCount()).isZero();
  }

  @Test
  void leases_and_pins_share_the_limit() {
    Pins pins = new Pins(retained, deadlines);
    List<BlockKey> keys = chain(pool, 1, 2, 3, 4, 5);
    pins.pin("a", keys(1, 2), Deadlines.NEVER);

    assertThatExceptionOfType(CapacityException.class)
        .isThrownBy(() -> lease(keys, SECOND))
        .satisfies(e -> assertThat(e.requested()).isEqualTo(3));
    assertThat(leases.statistics().refused()).isEqualTo(1);
    assertThat(pool.availableBlocks()).isEqualTo(6);
    lease(keys.subList(0, 4), SECOND);
    assertThat(retained.blockCount()).isEqualTo(4);
  }

  @Test
  void a_closed_block_cannot_be_leased_and_the_others_are_let_go() {
    List<ImmutableBlock> found = pool.matchBlocks(chain(pool, 1, 2));
    found.getLast().close();

    assertThatExceptionOfType(CallerException.class).isThrownBy(() -> leases.grant(found, SECOND));
    found.getFirst().close();
    assertThat(pool.availableBlocks()).isEqualTo(8);
    assertThat(leases.statistics().active()).isZero();
  }

  @Test
  void closing_ends_all_leases() {
    Lease lease = lease(chain(pool, 1), SECOND);
    leases.close();

    assertThat(lease.isActive()).isFalse();
    assertThat(pool.availableBlocks()).isEqualTo(8);
  }

  /** Looks blocks up, leases them and goes away. */
  @Test
  void a_lease_that_nothing_would_end_is_not_granted() {
    chain(pool, 1);
    deadlines.close();

    assertThatExceptionOfType(ClosedException.class).isThrownBy(() -> lease(keys(1), SECOND));

    assertThat(retained.blockCount()).isZero();
    assertThat(leases.statistics()).isEqualTo(new LeaseStatistics(0, 0, 0, 0, 0));
  }

  @Test
  void a_time_that_is_over_before_it_begins_is_refused() {
    Lease lease = lease(chain(pool, 1), SECOND);
    for (long nanos : new long[] {0, -1, Long.MIN_VALUE}) {
      assertThatExceptionOfType(CallerException.class)
          .isThrownBy(() -> lease(keys(1), nanos))
          .withMessage("a lease of %d ns is over before it begins: give more than 0", nanos)
          .satisfies(e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_ARGUMENT));
      assertThatExceptionOfType(CallerException.class).isThrownBy(() -> lease.renew(nanos));
    }
    assertThat(lease.isActive()).isTrue();
  }

  private Lease lease(List<BlockKey> keys, long durationNanos) {
    List<ImmutableBlock> found = pool.matchBlocks(keys);
    try {
      return leases.grant(found, durationNanos);
    } finally {
      BlockPool.closeAll(found);
    }
  }
}
