package io.kvbm.arch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertAll;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaModifier;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every rule holds for what is shipped, looked at enough of it, and trips on its broken sample. */
class RulesTest {
  private static final Path SAMPLES = Path.of("src/test/samples");
  private static final Path TABLE = Path.of("../docs/architecture-rules.md");
  private static final int CLASSES_LEAST = 500;

  private static Reactor reactor = Reactor.load();
  private static CodeBase production = CodeBase.of(Map.of(), Map.of());

  @BeforeAll
  static void read() {
    reactor = Reactor.load();
    production = CodeBase.production(reactor);
  }

  static List<Rule> rules() {
    return Rules.all();
  }

  @ParameterizedTest
  @MethodSource("rules")
  void holds(Rule rule) {
    assertThat(rule.violations(production)).as(rule.says()).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("rules")
  void looksAtEnough(Rule rule) {
    assertThat(rule.count(production)).isGreaterThanOrEqualTo(rule.leastClasses());
  }

  @ParameterizedTest
  @MethodSource("rules")
  void tripsAloneOnItsSample(Rule rule, @TempDir Path folder) throws IOException {
    CodeBase broken =
        Samples.compile(SAMPLES.resolve(rule.id()), folder, CodeBase.exports(reactor));
    Set<String> tripped =
        Rules.all().stream()
            .filter(other -> !other.violations(broken).isEmpty())
            .map(Rule::id)
            .collect(Collectors.toSet());
    assertThat(tripped).containsExactly(rule.id());
  }

  @Test
  void everyModuleWasRead() {
    assertThat(production.classes()).hasSizeGreaterThanOrEqualTo(CLASSES_LEAST);
    assertAll(
        reactor.libraries().stream()
            .map(
                module ->
                    () ->
                        assertThat(production.in(module.artifactId()))
                            .as("classes of " + module)
                            .hasSizeGreaterThan(5)));
  }

  @Test
  void testsOfAContractAreNamedForIt() {
    CodeBase tests = CodeBase.tests(reactor);
    List<JavaClass> contracts =
        tests.classes().stream()
            .filter(type -> type.isTopLevelClass())
            .filter(type -> !type.getModifiers().contains(JavaModifier.ABSTRACT))
            // What the test kit's own tests run by hand.
            .filter(type -> !type.getPackageName().equals("io.kvbm.testkit.broken"))
            .filter(RulesTest::runsAContract)
            .toList();
    assertThat(contracts).hasSizeGreaterThanOrEqualTo(10);
    assertThat(contracts)
        .allSatisfy(type -> assertThat(type.getSimpleName()).matches(".*(ContractTest|TckTest)"));
  }

  private static boolean runsAContract(JavaClass type) {
    return type.getAllRawSuperclasses().stream()
        .anyMatch(
            parent ->
                parent.getPackageName().startsWith("io.kvbm.testkit")
                    && parent.getSimpleName().matches(".*(Contract|Tck)"));
  }

  @Test
  void everySampleBelongsToARule() throws IOException {
    try (Stream<Path> samples = Files.list(SAMPLES)) {
      assertThat(samples.map(sample -> sample.getFileName().toString()))
          .containsExactlyInAnyOrderElementsOf(Rules.all().stream().map(Rule::id).toList());
    }
  }

  @Test
  void theTableInTheDocumentationIsTheRules() throws IOException {
    StringBuilder table = new StringBuilder();
    table.append("# Architecture rules\n\n");
    table.append(
        "Written by `RulesTest` of kvbm-arch-tests with `-Dkvbm.golden=write`. Why each rule\n");
    table.append("stands, and which were dropped: [ADR 0008](adr/0008-architecture-rules.md).\n\n");
    table.append(
        "| rule | says | from | looks at least at | broken sample |\n|---|---|---|---|---|\n");
    for (Rule rule : Rules.all()) {
      table.append(
          "| `%s` | %s | %s | %d classes | `%s` |%n"
              .formatted(rule.id(), rule.says(), rule.source(), rule.leastClasses(), sample(rule)));
    }
    Golden.require(TABLE, table.toString());
  }

  private static String sample(Rule rule) {
    try (Stream<Path> files = Files.walk(SAMPLES.resolve(rule.id()))) {
      return files
          .filter(Files::isRegularFile)
          .map(file -> file.getFileName().toString())
          .sorted()
          .collect(Collectors.joining("`, `"));
    } catch (IOException e) {
      throw new AssertionError("no sample of " + rule.id(), e);
    }
  }
}
