package io.kvbm.cli.replay;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.cli.Invocation;
import io.kvbm.cli.JsonText;
import io.kvbm.cli.settings.Surroundings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Transfers that go wrong: nothing is wrong in the end, nothing hangs, and each is noticed. */
@Timeout(120)
class ReplayFaultsTest {

  @TempDir private Path disk;

  @AfterEach
  void nothingIsLeftBehind() throws IOException {
    try (Stream<Path> files = Files.list(disk)) {
      assertThat(files).isEmpty();
    }
  }

  private Invocation replay(String... more) {
    List<String> args = new ArrayList<>(List.of("replay", "--block-bytes", "4KiB"));
    args.addAll(List.of(more));
    Map<String, String> scratch = Map.of("KVBM_BACKENDS_DISK_DIR", disk.toString());
    return Invocation.in(new Surroundings(scratch, Optional.empty()), args.toArray(String[]::new));
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Number> faults(Map<String, Object> document) {
    return (Map<String, Number>) document.get("faults");
  }

  private static long number(Map<String, Number> of, String name) {
    return of.get(name).longValue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"2s", "forever"})
  void everyFaultIsNoticedAndNothingIsWrong(String stall) {
    Invocation ran =
        replay("--device", "512", "--host", "1024", "--faults", "0.02", "--stall", stall, "--json");
    assertThat(ran.exitCode()).as(ran.err()).isZero();
    Map<String, Object> document = JsonText.object(ran.out());
    assertThat(document).containsEntry("wrongBlocks", 0);
    Map<String, Number> faults = faults(document);
    assertThat(number(faults, "failed")).isPositive();
    assertThat(number(faults, "corrupted")).isPositive();
    assertThat(number(faults, "stalled")).isPositive();
    assertThat(number(faults, "caught"))
        .as("all of them, and what a loaded machine does by itself")
        .isGreaterThanOrEqualTo(
            number(faults, "failed") + number(faults, "corrupted") + number(faults, "stalled"));
    if (stall.equals("forever")) {
      assertThat(ran.err()).contains("were left behind; the memory they use stays taken");
    }
  }

  @Test
  void peopleAreToldWhatWentWrongOnPurpose() {
    Invocation ran = replay("--disk", "0", "--faults", "0.01", "--stall", "1500ms");
    assertThat(ran.exitCode()).as(ran.err()).isZero();
    assertThat(ran.out()).containsPattern("stalled on purpose: \\d+ of \\d+ were noticed");
    assertThat(ran.out()).contains("none was wrong").contains("First tokens:");
  }

  @Test
  void aSlowDiskIsUsedAsFarAsItGoesAndNoFurther() {
    Invocation ran =
        replay("--device", "300", "--host", "0", "--disk", "64", "--disk-speed", "64MB", "--json");
    assertThat(ran.exitCode()).as(ran.err()).isZero();
    Map<String, Object> document = JsonText.object(ran.out());
    assertThat(document).containsEntry("wrongBlocks", 0);
    @SuppressWarnings("unchecked")
    Map<String, Number> moved = (Map<String, Number>) document.get("bytesMoved");
    long bytes = moved.values().stream().mapToLong(Number::longValue).sum();
    double seconds = ((Number) document.get("seconds")).doubleValue();
    assertThat(bytes).isPositive();
    assertThat(bytes / seconds).as("bytes a second").isLessThan(1.1 * 64_000_000);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "--faults|1.5|--faults 1.5 is no share; give 0 to 1",
        "--faults|NaN|--faults NaN is no share; give 0 to 1",
        "--stall|10ms|'10ms' is no stall: one is noticed after a second",
        "--stall|never|'never' is no time such as 50ms or 2s",
        "--disk-speed|0|'0' moves nothing",
        "--disk-speed|fast|'fast' is",
      })
  void badValuesAreRefusedInOneLine(String option, String value, String message) {
    Invocation ran = replay(option, value);
    assertThat(ran.exitCode()).isEqualTo(2);
    assertThat(ran.err()).contains(message).doesNotContain("\tat ");
    assertThat(ran.out()).isEmpty();
  }

  @Test
  void faultsAndSabotageExcludeEachOther() {
    Invocation ran = replay("--faults", "0.1", "--sabotage", "3");
    assertThat(ran.exitCode()).isEqualTo(2);
    assertThat(ran.err()).contains("--sabotage finds no victim");
  }
}
