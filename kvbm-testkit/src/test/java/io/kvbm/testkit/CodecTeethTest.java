package io.kvbm.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import io.kvbm.testkit.broken.BrokenCodecs;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Events;

/**
 * The codec contract must bite: each broken codec fails the test meant for it, a sound one none.
 */
class CodecTeethTest {

  static Stream<Arguments> brokenCodecs() {
    return Stream.of(
        Arguments.of(
            BrokenCodecs.WritesPastTarget.class, "everythingComesBackAndNothingBesideIsTouched"),
        Arguments.of(BrokenCodecs.BoundTooSmall.class, "boundHoldsForWhatCannotBeCompressed"),
        Arguments.of(BrokenCodecs.AcceptsTruncated.class, "truncatedSourceIsCorrupt"),
        Arguments.of(BrokenCodecs.WrongError.class, "anotherLengthThanTheTargetsIsCorrupt"),
        Arguments.of(BrokenCodecs.DecodesShort.class, "anotherLengthThanTheTargetsIsCorrupt"),
        Arguments.of(BrokenCodecs.ChangingName.class, "nameIsWellFormedAndStays"),
        Arguments.of(BrokenCodecs.NotThreadSafe.class, "threadsShareOneCodec"),
        Arguments.of(
            BrokenCodecs.ChangesSource.class, "sourceIsNotChangedAndMayBeReadOnlyOrOnTheHeap"));
  }

  @ParameterizedTest(name = "{0}: {1}")
  @MethodSource("brokenCodecs")
  void aBrokenCodecFailsTheTestMeantForIt(Class<?> contract, String test) {
    List<String> failed =
        run(contract).failed().stream()
            .map(event -> event.getTestDescriptor().getDisplayName().replaceAll("\\(.*", ""))
            .toList();
    assertThat(failed).as("tests that %s fails", contract.getSimpleName()).contains(test);
  }

  @Test
  void aSoundCodecFailsNone() {
    Events events = run(BrokenCodecs.Sound.class);
    assertThat(events.failed().stream()).isEmpty();
    assertThat(events.succeeded().count()).isGreaterThanOrEqualTo(12);
  }

  private static Events run(Class<?> contract) {
    return EngineTestKit.engine("junit-jupiter")
        .selectors(selectClass(contract))
        .execute()
        .testEvents();
  }
}
