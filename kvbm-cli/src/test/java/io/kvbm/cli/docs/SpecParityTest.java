package io.kvbm.cli.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** {@code docs/spec-parity.md} names only what there is. */
class SpecParityTest {

  private static final int JAVA = 1;
  private static final int PROOF = 2;
  private static final Pattern LATER = Pattern.compile("later: ([a-z-]+)");
  private static final Set<String> MODULES =
      Set.of(
          "backend-cuda",
          "backend-disk",
          "backend-pinned",
          "backend-remote",
          "graph-csr",
          "kvbm-bench",
          "kvbm-core",
          "model-store");
  private static final Pattern TEST_METHOD = Pattern.compile("\\bvoid\\s+(\\w+)\\(");

  private static List<DocumentTable.Row> rows = List.of();
  private static final Map<String, String> TESTS = new HashMap<>();

  @BeforeAll
  static void readDocumentAndTests() {
    rows = DocumentTable.rows(Repository.text("docs/spec-parity.md"), "Spec");
    Repository.sources("src/test").forEach(SpecParityTest::addTests);
    Repository.sources("src/main").stream()
        .filter(file -> file.toString().contains("/testkit/"))
        .forEach(SpecParityTest::addTests);
  }

  private static void addTests(Path file) {
    String name = file.getFileName().toString().replace(".java", "");
    TESTS.merge(name, Repository.read(file), String::concat);
  }

  @Test
  void everyRowHasAHomeAndAProof() {
    assertThat(rows).hasSizeGreaterThan(200);
    for (DocumentTable.Row row : rows) {
      assertThat(row.cells()).as("%s", row).hasSize(3);
      assertThat(row.cell(JAVA)).as("Java of %s", row).isNotBlank();
      assertThat(!row.code(PROOF).isEmpty() || LATER.matcher(row.cell(PROOF)).find())
          .as("%s names a test or what brings it", row)
          .isTrue();
    }
  }

  @Test
  void typesAndMembersExist() {
    List<String> wrong = new ArrayList<>();
    for (DocumentTable.Row row : rows) {
      for (String name : row.code(JAVA)) {
        String problem = problemOf(name);
        if (problem != null) {
          wrong.add(row + ": `" + name + "` " + problem);
        }
      }
    }
    assertThat(wrong).isEmpty();
  }

  @Test
  void testsExist() {
    List<String> wrong = new ArrayList<>();
    for (DocumentTable.Row row : rows) {
      for (String name : row.code(PROOF)) {
        if (!isTest(name)) {
          wrong.add(row + ": no test " + name);
        }
      }
    }
    assertThat(wrong).isEmpty();
  }

  @Test
  void laterModulesAreKnown() {
    for (DocumentTable.Row row : rows) {
      Matcher matcher = LATER.matcher(row.cell(PROOF));
      while (matcher.find()) {
        assertThat(MODULES).as("%s", row).contains(matcher.group(1));
      }
    }
  }

  private static boolean isTest(String name) {
    int mark = name.indexOf('#');
    String source = mark < 0 ? null : TESTS.get(name.substring(0, mark));
    if (source == null) {
      return false;
    }
    Matcher matcher = TEST_METHOD.matcher(source);
    while (matcher.find()) {
      if (matcher.group(1).equals(name.substring(mark + 1))) {
        return true;
      }
    }
    return false;
  }

  /** What is wrong with a name such as {@code api.storage.Storage#address}, or null. */
  private static @Nullable String problemOf(String name) {
    String[] parts = name.split("#", 2);
    Class<?> type;
    try {
      type = Class.forName(binaryName(parts[0]), false, SpecParityTest.class.getClassLoader());
    } catch (ClassNotFoundException e) {
      return "is no type";
    }
    return parts.length == 1 || hasMember(type, parts[1]) ? null : "has no such member";
  }

  private static String binaryName(String name) {
    return ("io.kvbm." + name).replaceAll("(?<=\\.[A-Z]\\w{0,60})\\.", "\\$");
  }

  private static boolean hasMember(Class<?> type, String member) {
    for (Class<?> at = type; at != null; at = at.getSuperclass()) {
      for (Method method : at.getDeclaredMethods()) {
        if (method.getName().equals(member)) {
          return true;
        }
      }
      for (Field field : at.getDeclaredFields()) {
        if (field.getName().equals(member)) {
          return true;
        }
      }
    }
    return Stream.of(type.getMethods()).anyMatch(method -> method.getName().equals(member))
        || member.equals("new") && type.getDeclaredConstructors().length > 0;
  }
}
