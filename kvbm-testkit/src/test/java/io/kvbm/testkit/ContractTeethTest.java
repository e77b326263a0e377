package io.kvbm.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import io.kvbm.testkit.broken.BrokenContracts;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.platform.testkit.engine.EngineExecutionResults;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Event;

/**
 * Contracts must bite: each broken backend fails in the test meant for its breach, a sound one in
 * none.
 */
class ContractTeethTest {

  private static final int CONTRACT_TESTS_AT_LEAST = 10;

  static Stream<Arguments> brokenBackends() {
    return Stream.of(
        Arguments.of(BrokenContracts.OverlappingAllocator.class, "liveStoragesNeverOverlap"),
        Arguments.of(
            BrokenContracts.DirtyAllocator.class, "contentsAreZeroEvenWhereOthersWereBefore"),
        Arguments.of(
            BrokenContracts.RoundingAllocator.class,
            "storageIsNewOpenOfItsKindAndExactlyAsLongAsAsked"),
        Arguments.of(BrokenContracts.MisalignedAllocator.class, "firstByteIsAlignedAsAsked"),
        Arguments.of(
            BrokenContracts.WrongErrorAllocator.class, "tooMuchIsATypedErrorAndNothingIsReserved"),
        Arguments.of(BrokenContracts.DeclaredAbsentYetThere.class, "kindIsOneOfTheProviders"),
        Arguments.of(BrokenContracts.ShortTransport.class, "everyByteArrivesAndNoneBesides"),
        Arguments.of(BrokenContracts.ShortCountTransport.class, "everyByteArrivesAndNoneBesides"),
        Arguments.of(
            BrokenContracts.LosingTransport.class, "blocksOfSeveralCopiesReportTheSumOnce"),
        Arguments.of(
            BrokenContracts.RepeatingTransport.class, "blocksOfSeveralCopiesReportTheSumOnce"),
        Arguments.of(BrokenContracts.CarelessProvider.class, "probeNeverThrows"),
        Arguments.of(
            BrokenContracts.CarelessProvider.class, "diagnoseNeverThrowsAndNamesEachCheckOnce"));
  }

  @ParameterizedTest(name = "{0}: {1}")
  @MethodSource("brokenBackends")
  void aBrokenBackendFailsTheTestMeantForIt(Class<?> contract, String test) {
    List<String> failed =
        run(contract).testEvents().failed().map(event -> methodOf(event)).distinct().toList();
    assertThat(failed).as("tests that %s fails", contract.getSimpleName()).contains(test);
  }

  @ParameterizedTest
  @ValueSource(
      classes = {
        BrokenContracts.SoundAllocator.class,
        BrokenContracts.SoundStorage.class,
        BrokenContracts.SoundTransport.class
      })
  void aSoundBackendFailsNone(Class<?> contract) {
    EngineExecutionResults results = run(contract);
    assertThat(results.testEvents().failed().stream()).isEmpty();
    assertThat(results.testEvents().succeeded().count())
        .isGreaterThanOrEqualTo(CONTRACT_TESTS_AT_LEAST);
  }

  @Test
  void whatIsDeclaredUnsupportedIsSkippedWithItsReason() {
    EngineExecutionResults results = run(BrokenContracts.DeclaredAbsent.class);
    assertThat(results.testEvents().failed().stream()).isEmpty();
    assertThat(results.testEvents().succeeded().stream()).isEmpty();
    assertThat(results.testEvents().aborted().count())
        .isGreaterThanOrEqualTo(CONTRACT_TESTS_AT_LEAST);
  }

  private static EngineExecutionResults run(Class<?> contract) {
    return EngineTestKit.engine("junit-jupiter").selectors(selectClass(contract)).execute();
  }

  /** {@return the method's name without its parameters} */
  private static String methodOf(Event event) {
    return event.getTestDescriptor().getUniqueId().getSegments().stream()
        .filter(segment -> List.of("method", "test-template").contains(segment.getType()))
        .map(segment -> segment.getValue().replaceAll(".*#|\\(.*", ""))
        .findFirst()
        .orElseThrow();
  }
}
