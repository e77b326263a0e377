package io.kvbm.cli.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.kvbm.api.CallerException;
import org.junit.jupiter.api.Test;

class TraceTest {

  private final Trace trace =
      new Trace.Builder()
          .addBlock(4)
          .addBlock(5)
          .endRequest(10)
          .endRequest(20)
          .addBlock(6)
          .endRequest(30)
          .addBlock(7)
          .build("made up");

  @Test
  void blocks_belong_to_the_request_that_ends_next() {
    assertThat(trace.hashes(0)).containsExactly(4, 5);
    assertThat(trace.hashes(1)).isEmpty();
    assertThat(trace.hashes(2)).containsExactly(6);
  }

  @Test
  void blocks_of_a_request_that_never_ended_are_left_out() {
    assertThat(trace.blockCount()).isEqualTo(3);
  }

  @Test
  void a_position_outside_its_request_is_refused() {
    for (int position : new int[] {-1, 2}) {
      assertThatExceptionOfType(CallerException.class)
          .isThrownBy(() -> trace.hash(0, position))
          .withMessageContaining("request 0 has 2 blocks");
    }
  }
}
