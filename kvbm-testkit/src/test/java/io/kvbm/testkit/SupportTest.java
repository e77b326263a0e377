package io.kvbm.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.transfer.BlockOutcome;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.opentest4j.TestAbortedException;

class SupportTest {

  @Test
  void anyByteThatDiffersIsNamedByItsPlace() {
    for (int byteSize : new int[] {0, 1, 2, 7, 64, 4097}) {
      MemorySegment bytes = MemorySegment.ofArray(new byte[byteSize]);
      BytePatterns.guard(bytes);
      BytePatterns.verifyAll(bytes, BytePatterns.GUARD, "all the same");
      for (int at = 0; at < byteSize; at++) {
        bytes.set(ValueLayout.JAVA_BYTE, at, (byte) 1);
        String place = "byte %d of %d is 0x01, expected 0xa5".formatted(at, byteSize);
        assertThatThrownBy(() -> BytePatterns.verifyAll(bytes, BytePatterns.GUARD, "one byte"))
            .hasMessageContaining(place);
        bytes.set(ValueLayout.JAVA_BYTE, at, BytePatterns.GUARD);
      }
    }
    MemorySegment others = MemorySegment.ofArray(new byte[100]);
    assertThatThrownBy(() -> BytePatterns.verifyAll(others, BytePatterns.GUARD, "all others"))
        .hasMessageContaining("byte 0 of 100 is 0x00");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 7, 8, 9, 4097})
  void patternsAreRecognisedAndEveryChangedByteIsFound(int byteSize) {
    MemorySegment bytes = BytePatterns.heap(byteSize, 5);
    assertThat(BytePatterns.mismatch(bytes, 5)).isEqualTo(-1);
    for (int at = 0; at < byteSize; at += 1 + byteSize / 13) {
      byte former = bytes.get(ValueLayout.JAVA_BYTE, at);
      bytes.set(ValueLayout.JAVA_BYTE, at, (byte) (former + 1));
      assertThat(BytePatterns.mismatch(bytes, 5)).isEqualTo(at);
      int changed = at;
      assertThatThrownBy(() -> BytePatterns.verify(bytes, 5, "the bytes"))
          .isInstanceOf(AssertionError.class)
          .hasMessageContaining("the bytes: byte " + changed + " of " + byteSize);
      bytes.set(ValueLayout.JAVA_BYTE, at, former);
    }
    if (byteSize > 0) {
      assertThat(BytePatterns.mismatch(bytes, 6)).isNotNegative();
    }
  }

  @Test
  void aPatternMovedByAWordIsNotThePattern() {
    assertThat(BytePatterns.mismatch(BytePatterns.heap(64, 5).asSlice(8), 5)).isZero();
  }

  @Test
  void theTimeOfDayJumpsAndStopsWhileTheRisingTimeGoesOn() {
    ManualClock clock = new ManualClock();
    Instant start = clock.instant();
    clock.jump(Duration.ofDays(3650));
    assertThat(clock.instant()).isEqualTo(start.plus(Duration.ofDays(3650)));
    clock.jump(Duration.ofDays(-7300));
    assertThat(clock.instant()).isEqualTo(start.minus(Duration.ofDays(3650)));
    assertThat(clock.nanoTime()).isZero();
    clock.freeze(true);
    clock.advance(Duration.ofSeconds(5));
    assertThat(clock.instant()).isEqualTo(start.minus(Duration.ofDays(3650)));
    assertThat(clock.nanoTime()).isEqualTo(5_000_000_000L);
    clock.freeze(false);
    clock.advance(Duration.ofSeconds(1));
    assertThat(clock.instant()).isEqualTo(start.minus(Duration.ofDays(3650)).plusSeconds(1));
  }

  @Test
  void theClockMovesOnlyWhenTold() {
    ManualClock clock = new ManualClock();
    long nanos = clock.nanoTime();
    Instant instant = clock.instant();
    assertThat(clock.nanoTime()).isEqualTo(nanos);
    clock.advance(Duration.ofMillis(3));
    assertThat(clock.nanoTime() - nanos).isEqualTo(3_000_000);
    assertThat(Duration.between(instant, clock.instant())).isEqualTo(Duration.ofMillis(3));
    assertThatThrownBy(() -> clock.advance(Duration.ofNanos(-1)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aCompletionTellsWhatBecameOfEachBlock() {
    RecordingCompletion completion = new RecordingCompletion(3);
    completion.cancelled(2);
    completion.done(0, 10);
    completion.failed(1, new CallerException(ErrorCode.CLOSED, "closed"));
    assertThat(completion.isDrained()).isFalse();
    completion.drained();
    assertThat(completion.await().get(0)).isEqualTo(new BlockOutcome.Done(10));
    assertThat(completion.awaitFailure(1).code()).isEqualTo(ErrorCode.CLOSED);
    assertThatThrownBy(completion::awaitDone).isInstanceOf(AssertionError.class);
    assertThatThrownBy(() -> completion.awaitFailure(0)).isInstanceOf(AssertionError.class);
  }

  @Test
  void aCompletionKeepsEveryBreach() {
    assertBreach("drained after 0 of 1", RecordingCompletion::drained);
    assertBreach(
        "reported twice",
        completion -> {
          completion.done(0, 1);
          completion.cancelled(0);
          completion.drained();
        });
    assertBreach(
        "after drained",
        completion -> {
          completion.done(0, 1);
          completion.drained();
          completion.done(0, 1);
        });
    assertBreach(
        "drained twice",
        completion -> {
          completion.done(0, 1);
          completion.drained();
          completion.drained();
        });
    assertBreach(
        "block 1 reported in a batch of 1",
        completion -> {
          completion.done(1, 1);
          completion.done(0, 1);
          completion.drained();
        });
  }

  private static void assertBreach(String breach, Consumer<RecordingCompletion> calls) {
    RecordingCompletion completion = new RecordingCompletion(1);
    calls.accept(completion);
    assertThatThrownBy(completion::await)
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining(breach);
  }

  @Test
  void aMissingToolSkipsOrFails() {
    RequiredTools.assumeOrFail("fio", true, "not asked", Map.of());
    assertThatThrownBy(() -> RequiredTools.assumeOrFail("fio", false, "not found", Map.of()))
        .isInstanceOf(TestAbortedException.class)
        .hasMessageContaining("not found");
    Map<String, String> required = Map.of(RequiredTools.VARIABLE, "gpu, fio");
    assertThatThrownBy(() -> RequiredTools.assumeOrFail("fio", false, "not found", required))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("requires 'fio'");
    assertThatThrownBy(() -> RequiredTools.assumeOrFail("etcd", false, "not found", required))
        .isInstanceOf(TestAbortedException.class);
  }
}
