package io.kvbm.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import io.kvbm.testkit.broken.DeclaringTck;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Events;

/** What a backend declares to leave out is checked, counted and written down. */
class OptOutTest {

  @TempDir Path reports;

  private Events run(Class<?> contract, boolean verify) {
    return EngineTestKit.engine("junit-jupiter")
        .selectors(selectClass(contract))
        .configurationParameter("kvbm.testkit.reports", reports.toString())
        .configurationParameter("kvbm.testkit.verifyOptOuts", Boolean.toString(verify))
        .execute()
        .testEvents();
  }

  private static List<String> messages(Events events) {
    return events.stream()
        .map(event -> event.getPayload(TestExecutionResult.class))
        .flatMap(result -> result.flatMap(TestExecutionResult::getThrowable).stream())
        .map(thrown -> String.valueOf(thrown.getMessage()))
        .toList();
  }

  @Test
  void anOptOutIsSkippedWithItsReasonAndCounted() throws IOException {
    Events events = run(DeclaringTck.OptedOut.class, false);
    assertThat(events.failed().stream()).isEmpty();
    assertThat(messages(events.aborted())).hasSize(2).allMatch(text -> text.contains("opted out"));
    assertThat(Files.readString(reports.resolve("fixture.txt")))
        .contains("anEmptyLogHasNoRecord: opted out: this log starts with a record")
        .contains("closedLogsRefuse: opted out: named by the harness")
        .contains("2 opted out");
  }

  @Test
  void anOptOutThatIsNotNeededIsAnErrorWhereItIsVerified() {
    assertThat(messages(run(DeclaringTck.OptedOut.class, true).failed()))
        .hasSize(2)
        .allMatch(text -> text.contains("is not needed, the test passes"));
  }

  @Test
  void anOptOutWithoutAReasonIsAnError() {
    assertThat(messages(run(DeclaringTck.WithoutReason.class, false).failed()))
        .isNotEmpty()
        .allMatch(text -> text.contains("reason of the opt-out of LogContract#closedLogsRefuse"));
  }

  @Test
  void anOptOutThatNamesNoTestIsAnError() {
    assertThat(messages(run(DeclaringTck.OfNoTest.class, false).failed()))
        .isNotEmpty()
        .allMatch(text -> text.contains("opt-out names a test that exists"));
  }

  @Test
  void whatIsDeclaredAbsentYetThereIsAnError() {
    Events events = run(DeclaringTck.AbsentYetThere.class, false);
    assertThat(events.succeeded().count()).isZero();
    assertThat(messages(events.failed())).isNotEmpty().allMatch(text -> text.contains("LOG"));
  }

  @Test
  void whatIsAbsentIsRefusedAsSpecifiedAndCounted() throws IOException {
    Events events = run(DeclaringTck.Absent.class, false);
    assertThat(events.failed().stream()).isEmpty();
    assertThat(events.aborted().stream()).isEmpty();
    assertThat(events.succeeded().count()).isGreaterThan(10);
    assertThat(Files.readString(reports.resolve("fixture.txt")))
        .contains("refused as specified: LOG: keeps none");
  }
}
