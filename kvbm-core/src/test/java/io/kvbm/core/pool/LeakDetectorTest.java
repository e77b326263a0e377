package io.kvbm.core.pool;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.block.MutableBlock;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class LeakDetectorTest {

  private final BlockingQueue<String> reports = new LinkedBlockingQueue<>();
  private final BlockPool pool = Pools.ofSize(4, builder -> builder.detectLeaks(reports::add));

  @Test
  void aDroppedBlockIsReportedWithThePlaceItWasAcquiredAt() throws InterruptedException {
    acquireAndForget();
    registerAndForget();

    assertThat(new String[] {nextReport(), nextReport()})
        .allSatisfy(report -> assertThat(report).contains("of pool test was never closed"))
        .anySatisfy(report -> assertThat(report).contains("LeakDetectorTest.acquireAndForget"))
        .anySatisfy(
            report ->
                assertThat(report)
                    .contains("LeakDetectorTest.registerAndForget", "key " + Pools.key(1)));
  }

  @Test
  void aClosedBlockIsNotReported() throws InterruptedException {
    try (MutableBlock block = pool.allocateBlocks(1).getFirst()) {
      assertThat(block.isComplete()).isFalse();
    }
    acquireAndForget();

    assertThat(nextReport()).contains("acquireAndForget");
    assertThat(reports).isEmpty();
  }

  private void acquireAndForget() {
    pool.allocateBlocks(1);
  }

  private void registerAndForget() {
    pool.allocateBlocks(1).getFirst().complete(Pools.key(1), null).register();
  }

  /** Collects garbage until a report comes; each round waits for the report, not for a time. */
  private String nextReport() throws InterruptedException {
    for (int round = 0; round < 100; round++) {
      System.gc();
      String report = reports.poll(100, TimeUnit.MILLISECONDS);
      if (report != null) {
        return report;
      }
    }
    throw new AssertionError("100 collections found no leaked block");
  }
}
