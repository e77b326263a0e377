package io.kvbm.cli.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.cli.Invocation;
import io.kvbm.cli.JsonText;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code docs/doctor.md} explains every line that {@code kvbm doctor} prints, and no others. */
class DoctorDocumentTest {

  private static Set<String> documented() {
    Set<String> names = new TreeSet<>();
    for (DocumentTable.Row row : DocumentTable.rows(Repository.text("docs/doctor.md"), "Name")) {
      names.addAll(row.code(0));
    }
    return names;
  }

  @Test
  void everyLineIsExplained(@TempDir Path folder) {
    Invocation ran = Invocation.of("doctor", "--dir", folder.toString(), "--json");
    Map<String, Object> document = JsonText.object(ran.out());
    Set<String> printed = names(document.get("machine"));
    printed.addAll(names(((Map<?, ?>) document.get("directory")).get("findings")));
    assertThat(printed).hasSizeGreaterThan(20);
    assertThat(documented()).containsAll(printed);
  }

  @Test
  void everyExplainedLineIsInTheCode() {
    String code =
        Repository.sources("src/main").stream()
            .map(Repository::read)
            .collect(Collectors.joining("\n"));
    assertThat(documented())
        .hasSizeGreaterThan(20)
        .allSatisfy(name -> assertThat(code).contains("\"" + name + "\""));
  }

  @Test
  void noCommandOfTheDocumentLosesDataInAPowerCut() {
    assertThat(Repository.text("docs/doctor.md").lines())
        .filteredOn(line -> line.contains("mount -o") || line.contains("remount"))
        .allSatisfy(line -> assertThat(line).doesNotContain("barrier=0", "data=writeback"));
  }

  private static Set<String> names(Object findings) {
    return ((List<?>) findings)
        .stream()
            .map(finding -> (String) ((Map<?, ?>) finding).get("name"))
            .collect(Collectors.toCollection(TreeSet::new));
  }
}
