package io.kvbm.core.pool;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.core.metrics.MicrometerMetrics;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(FailOnLeak.class)
class BlockPoolMetricsTest {

  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final BlockPool pool =
      Pools.ofSize(4, builder -> builder.metrics(MicrometerMetrics.of(registry)));

  @Test
  void countersFollowThePool() {
    Pools.inactiveChain(pool, 1, 2, 3, 4);
    Pools.matchLength(pool, Pools.keys(1, 2, 9));
    BlockPool.closeAll(pool.allocateBlocks(3));
    assertThat(counter("kvbm.allocation.blocks")).isEqualTo(7);
    assertThat(counter("kvbm.registration.blocks")).isEqualTo(4);
    assertThat(counter("kvbm.match.blocks")).isEqualTo(2);
    assertThat(counter("kvbm.eviction.blocks")).isEqualTo(3);
    assertThat(pool.statistics().allocations()).isEqualTo(7);
    assertThat(pool.statistics().allocationsFromReset()).isEqualTo(4);
    assertThat(pool.statistics().evictions()).isEqualTo(3);
  }

  @Test
  void gaugesShowTheBlocksThereAre() {
    assertThat(gauge("kvbm.pool.total.blocks")).isEqualTo(4);
    assertThat(gauge("kvbm.pool.available.blocks")).isEqualTo(4);
    var held = pool.allocateBlocks(1);
    assertThat(gauge("kvbm.pool.available.blocks")).isEqualTo(3);
    BlockPool.closeAll(held);
  }

  @Test
  void durationsAreHistograms() {
    Pools.inactiveChain(pool, 1);
    Pools.matchLength(pool, Pools.keys(1));
    for (String call : new String[] {"allocation", "registration", "match"}) {
      assertThat(
              registry.get("kvbm.pool." + call + ".duration").tag("pool", "test").timer().count())
          .as(call)
          .isEqualTo(1);
    }
  }

  private double counter(String name) {
    return registry.get(name).tag("pool", "test").counter().count();
  }

  private double gauge(String name) {
    return registry.get(name).tag("pool", "test").gauge().value();
  }
}
