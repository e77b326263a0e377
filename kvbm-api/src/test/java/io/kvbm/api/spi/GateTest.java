package io.kvbm.api.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.ClosedException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class GateTest {

  @Test
  void letsInUntilItIsClosedAndNamesWhatIsClosed() {
    Gate gate = new Gate("the shop");
    assertThat(gate.inside(() -> 7)).isEqualTo(7);
    gate.requireOpen();
    assertThat(gate.close()).isTrue();
    assertThat(gate.close()).as("the second time").isFalse();
    assertThatThrownBy(gate::enter)
        .isInstanceOf(ClosedException.class)
        .hasMessageContaining("the shop is closed");
    assertThatThrownBy(() -> gate.inside(() -> 7)).isInstanceOf(ClosedException.class);
    assertThatThrownBy(gate::requireOpen).isInstanceOf(ClosedException.class);
  }

  @Test
  void closingWaitsForThoseInsideAndTellsThemToEnd() throws Exception {
    Gate gate = new Gate("the shop");
    CountDownLatch in = new CountDownLatch(1);
    CompletableFuture<Boolean> inside =
        CompletableFuture.supplyAsync(
            () ->
                gate.inside(
                    () -> {
                      in.countDown();
                      while (true) {
                        try {
                          gate.requireOpen();
                        } catch (ClosedException e) {
                          return true;
                        }
                        Thread.onSpinWait();
                      }
                    }));
    in.await();
    assertThat(gate.close()).isTrue();
    assertThat(inside.get(10, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void whoFailsInsideIsOut() {
    Gate gate = new Gate("the shop");
    assertThatThrownBy(
            () ->
                gate.inside(
                    () -> {
                      throw new IllegalStateException("inside");
                    }))
        .isInstanceOf(IllegalStateException.class);
    assertThat(gate.close()).isTrue();
  }
}
