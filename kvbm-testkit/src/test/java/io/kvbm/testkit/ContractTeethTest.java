package io.kvbm.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectNestedClass;

import io.kvbm.testkit.broken.BrokenBackend;
import io.kvbm.testkit.broken.ReferenceTck;
import io.kvbm.testkit.contract.BackendTck;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.platform.engine.DiscoverySelector;
import org.junit.platform.testkit.engine.EngineExecutionResults;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Event;

/**
 * Contracts must bite: each broken backend fails the contract meant for its breach, a sound one
 * none. That each fails no other contract besides is the slow part: 43 runs of the whole suite. The
 * table of both is kept in the author's guide.
 */
class ContractTeethTest {

  private static final List<String> CONTRACTS =
      List.of(
          "Provider",
          "Allocator",
          "Storage",
          "Layout",
          "Transport",
          "BlockStore",
          "ObjectStore",
          "Log",
          "Disk",
          "Lifecycle",
          "Leak",
          "Fault");

  private static final Path GUIDE = Path.of("..", "docs", "testkit.md");
  private static final String BEGIN = "<!-- teeth -->\n";
  private static final String END = "<!-- /teeth -->";

  @AfterEach
  void restore() throws Exception {
    BrokenBackend.restore();
  }

  @Test
  void eachBrokenBackendFailsItsContractTheSoundOneNoneAndTheTableSaysSo() throws Exception {
    StringBuilder table = tableOf(broken -> List.of(nested(broken.contract())));
    String guide = Files.readString(GUIDE);
    assertThat(guide.substring(guide.indexOf(BEGIN) + BEGIN.length(), guide.indexOf(END)))
        .as("table in docs/testkit.md; the right one is in target/teeth-table.md")
        .isEqualTo(table.toString());
  }

  @Test
  @Tag("slow")
  void noBrokenBackendFailsAnotherContractBesides() throws Exception {
    tableOf(_ -> List.of(ReferenceTck.class));
  }

  /** {@return what failed, once the given part of the suite ran on each broken backend} */
  private static StringBuilder tableOf(Function<BrokenBackend, List<Class<?>>> suite)
      throws Exception {
    List<String> wrong = new ArrayList<>();
    Map<String, Set<String>> failed =
        failuresByContract("sound", List.of(ReferenceTck.class), CONTRACTS.size(), wrong);
    if (!failed.isEmpty()) {
      wrong.add("the sound backend fails " + failed);
    }
    StringBuilder table = header();
    row(table, "none: the reference backend", failed.keySet());
    for (BrokenBackend broken : BrokenBackend.all()) {
      List<Class<?>> tests = suite.apply(broken);
      broken.use();
      failed =
          failuresByContract(
              broken.name(),
              tests,
              tests.contains(ReferenceTck.class) ? CONTRACTS.size() : tests.size(),
              wrong);
      BrokenBackend.restore();
      row(table, broken.name(), failed.keySet());
      if (!failed.keySet().equals(Set.of(broken.contract()))
          || !failed.get(broken.contract()).contains(broken.test())) {
        wrong.add(
            "'%s' should fail %s#%s alone, fails %s"
                .formatted(broken.name(), broken.contract(), broken.test(), failed));
      }
    }
    Files.createDirectories(Path.of("target"));
    Files.writeString(Path.of("target", "teeth-table.md"), table);
    System.out.print(table);
    assertThat(wrong).isEmpty();
    return table;
  }

  /** {@return the class of the suite that has the tests of a contract} */
  private static Class<?> nested(String contract) {
    String name = contract.replaceAll("Contract$", "").replaceAll("^Disk$", "Disks");
    return Arrays.stream(BackendTck.class.getDeclaredClasses())
        .filter(type -> type.getSimpleName().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static Map<String, Set<String>> failuresByContract(
      String name, List<Class<?>> tests, int contracts, List<String> wrong) {
    EngineExecutionResults results =
        EngineTestKit.engine("junit-jupiter")
            .selectors(
                tests.stream().map(ContractTeethTest::selector).toArray(DiscoverySelector[]::new))
            .configurationParameter("kvbm.testkit.reports", "target/teeth/" + name)
            .execute();
    Set<String> started = new TreeSet<>();
    results.testEvents().started().stream().forEach(event -> started.add(contractOf(event)));
    if (started.size() != contracts) {
      wrong.add("'%s' ran only %s".formatted(name, started));
    }
    Map<String, Set<String>> failed = new TreeMap<>();
    results.allEvents().failed().stream()
        .forEach(
            event ->
                failed
                    .computeIfAbsent(contractOf(event), _ -> new TreeSet<>())
                    .add(segment(event, "method", "test-template")));
    return failed;
  }

  private static DiscoverySelector selector(Class<?> tests) {
    return tests.equals(ReferenceTck.class)
        ? selectClass(tests)
        : selectNestedClass(List.of(ReferenceTck.class), tests);
  }

  private static StringBuilder header() {
    StringBuilder table = new StringBuilder("| broken |");
    CONTRACTS.forEach(contract -> table.append(' ').append(contract).append(" |"));
    table.append("\n|---|").append("---|".repeat(CONTRACTS.size())).append('\n');
    return table;
  }

  private static void row(StringBuilder table, String name, Set<String> failed) {
    table.append("| ").append(name).append(" |");
    for (String contract : CONTRACTS) {
      table.append(failed.contains(contract + "Contract") ? " fails |" : " |");
    }
    table.append('\n');
  }

  private static String contractOf(Event event) {
    String nested = segment(event, "nested-class").replace("Disks", "Disk");
    return nested + "Contract";
  }

  /** {@return a name in the unique id of the test, without package and parameters} */
  private static String segment(Event event, String... types) {
    return event.getTestDescriptor().getUniqueId().getSegments().stream()
        .filter(segment -> List.of(types).contains(segment.getType()))
        .map(segment -> segment.getValue().replaceAll(".*#|\\(.*", ""))
        .findFirst()
        .orElse("none");
  }
}
