package io.kvbm.graph.csr.algorithm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.CancellationToken;
import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.TransientException;
import java.util.function.Consumer;

/** What holds for every algorithm: it ends when it is cancelled, and when its budget is spent. */
final class RunsEndEarly {

  private RunsEndEarly() {}

  /**
   * Requires that an algorithm ends early, and not when its budget is enough.
   *
   * @param algorithm runs it on a larger graph
   */
  static void require(Consumer<AlgorithmOptions> algorithm) {
    CancellationToken cancelled = new CancellationToken();
    cancelled.cancel();
    for (int threads : new int[] {1, 3}) {
      AlgorithmOptions options = AlgorithmOptions.DEFAULT.withThreads(threads);
      assertThatThrownBy(() -> algorithm.accept(options.withCancellation(cancelled)))
          .isInstanceOf(TransientException.class)
          .hasFieldOrPropertyWithValue("code", ErrorCode.CANCELLED);
      assertThatThrownBy(() -> algorithm.accept(options.withEdgeBudget(2000)))
          .isInstanceOfSatisfying(
              CapacityException.class,
              e -> {
                assertThat(e.code()).isEqualTo(ErrorCode.BUDGET_EXCEEDED);
                assertThat(e.available()).isEqualTo(2000);
                assertThat(e.requested()).isGreaterThan(2000);
              });
      algorithm.accept(options.withEdgeBudget(Long.MAX_VALUE - 1));
    }
  }
}
