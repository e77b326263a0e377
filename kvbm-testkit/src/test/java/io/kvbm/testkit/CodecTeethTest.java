package io.kvbm.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import io.kvbm.testkit.broken.BrokenCodecs;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Events;

/**
 * The codec contract must bite: each broken codec fails the test meant for it, a sound one none.
 * What else each fails is in the table of the author's guide, which must be exactly what a run
 * gives.
 */
class CodecTeethTest {

  private static final Path GUIDE = Path.of("..", "docs", "testkit.md");
  private static final String BEGIN = "<!-- codec teeth -->\n";
  private static final String END = "<!-- /codec teeth -->";

  /**
   * A codec and the test meant for it.
   *
   * @param name what it does
   * @param contract runs the contract on it
   * @param test must fail; where bytes come back wrong, others fail with it
   */
  private record Broken(String name, Class<?> contract, String test) {}

  private static final List<Broken> BROKEN =
      List.of(
          new Broken(
              "writes past the target",
              BrokenCodecs.WritesPastTarget.class,
              "everythingComesBackAndNothingBesideIsTouched"),
          new Broken(
              "bound too small",
              BrokenCodecs.BoundTooSmall.class,
              "boundHoldsForWhatCannotBeCompressed"),
          new Broken(
              "accepts a truncated source",
              BrokenCodecs.AcceptsTruncated.class,
              "truncatedSourceIsCorrupt"),
          new Broken(
              "untyped error",
              BrokenCodecs.WrongError.class,
              "anotherLengthThanTheTargetsIsCorrupt"),
          new Broken(
              "fills a part of the target",
              BrokenCodecs.DecodesShort.class,
              "anotherLengthThanTheTargetsIsCorrupt"),
          new Broken("changing name", BrokenCodecs.ChangingName.class, "nameIsWellFormedAndStays"),
          new Broken("shares a buffer", BrokenCodecs.NotThreadSafe.class, "threadsShareOneCodec"),
          new Broken(
              "changes its source",
              BrokenCodecs.ChangesSource.class,
              "sourceIsNotChangedAndMayBeReadOnlyOrOnTheHeap"));

  @Test
  void eachBrokenCodecFailsTheTestMeantForItAndTheTableSaysWhich() throws Exception {
    StringBuilder table = new StringBuilder("| broken | fails at least |\n|---|---|\n");
    Events sound = run(BrokenCodecs.Sound.class);
    assertThat(sound.failed().stream()).as("tests that the sound codec fails").isEmpty();
    assertThat(sound.succeeded().count()).isGreaterThanOrEqualTo(12);
    row(table, "none: the sound codec", Set.of());
    StringBuilder wrong = new StringBuilder();
    for (Broken broken : BROKEN) {
      Set<String> failed = new TreeSet<>();
      run(broken.contract()).failed().stream()
          .map(event -> event.getTestDescriptor().getDisplayName().replaceAll("\\(.*", ""))
          .forEach(failed::add);
      row(table, broken.name(), Set.of(broken.test()));
      if (!failed.contains(broken.test())) {
        wrong.append("%n'%s' fails %s".formatted(broken.name(), failed));
      }
    }
    Files.createDirectories(Path.of("target"));
    Files.writeString(Path.of("target", "codec-teeth-table.md"), table);
    assertThat(wrong.toString()).as("broken codecs that pass the test meant for them").isEmpty();
    String guide = Files.readString(GUIDE);
    assertThat(guide.substring(guide.indexOf(BEGIN) + BEGIN.length(), guide.indexOf(END)))
        .as("table in docs/testkit.md; the right one is in target/codec-teeth-table.md")
        .isEqualTo(table.toString());
  }

  private static void row(StringBuilder table, String name, Set<String> failed) {
    table.append(
        "| %s | %s |%n"
            .formatted(
                name,
                new TreeSet<>(failed)
                    .stream().map(test -> "`" + test + "`").collect(Collectors.joining(", "))));
  }

  private static Events run(Class<?> contract) {
    return EngineTestKit.engine("junit-jupiter")
        .selectors(selectClass(contract))
        .execute()
        .testEvents();
  }
}
