package io.kvbm.arch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.arch.Licences.Artifact;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Nothing published brings its users a licence they cannot live with. */
class LicencesTest {
  private static final Path LIST = Path.of("../docs/third-party-licences.md");

  static List<Reactor.Module> libraries() {
    return Reactor.load().libraries();
  }

  private static List<Artifact> artifacts(Reactor.Module module) throws IOException {
    return RuntimeClasspath.of(module).libraries().stream().map(Licences::read).toList();
  }

  @ParameterizedTest
  @MethodSource("libraries")
  void whatAModuleBringsIsAccepted(Reactor.Module module) throws IOException {
    Licences.require(module.artifactId(), artifacts(module));
  }

  @Test
  void theListInTheDocumentationIsWhatModulesBring() throws IOException {
    TreeMap<String, TreeSet<String>> users = new TreeMap<>();
    for (Reactor.Module module : libraries()) {
      for (Artifact artifact : artifacts(module)) {
        String row =
            "| `%s` | %s | %s |"
                .formatted(
                    artifact.name(), artifact.version(), String.join(" or ", artifact.licences()));
        users.computeIfAbsent(row, _ -> new TreeSet<>()).add(module.artifactId());
      }
    }
    assertThat(users).hasSizeGreaterThan(10);
    StringBuilder list = new StringBuilder("# Third-party licences\n\n");
    list.append("What the published modules need at run time. Written by `LicencesTest` of\n");
    list.append(
        "kvbm-arch-tests with `-Dkvbm.golden=write`, from the poms of the artifacts. Of an\n");
    list.append("artifact under several licences, we use the one that is not a GPL.\n\n");
    list.append("| artifact | version | licence | needed by |\n|---|---|---|---|\n");
    users.forEach(
        (row, by) -> list.append(row).append(" ").append(String.join(", ", by)).append(" |\n"));
    Golden.require(LIST, list.toString());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GNU General Public License, version 3",
        "LGPL-2.1-or-later",
        "GNU Affero General Public License v3",
        "AGPL 3.0",
        "Server Side Public License (SSPL)",
        "Proprietary"
      })
  void aLicenceUsersCannotLiveWithIsRefused(String licence) {
    Artifact artifact = new Artifact("org.example:thing", "1", List.of(licence));
    assertThatThrownBy(() -> Licences.require("kvbm-core", List.of(artifact)))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("kvbm-core would bring its users [org.example:thing:1 under")
        .hasMessageContaining(licence);
  }

  @Test
  void anArtifactThatNamesNoLicenceIsRefused() {
    Artifact artifact = new Artifact("org.example:thing", "1", List.of());
    assertThatThrownBy(() -> Licences.require("kvbm-core", List.of(artifact)))
        .hasMessageContaining("org.example:thing:1");
  }

  @Test
  void oneAcceptedLicenceOfSeveralIsEnough() {
    Licences.require(
        "kvbm-core",
        List.of(
            new Artifact("a:a", "1", List.of("LGPL-2.1", "EPL-1.0")),
            new Artifact("a:b", "1", List.of("GPL-2.0 with classpath-exception"))));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "org.openjdk.jmh:jmh-core",
        "org.openjdk.jcstress:jcstress-core",
        "org.jgrapht:jgrapht-core",
        "it.unimi.dsi:webgraph"
      })
  void toolsOfUnpublishedModulesAreRefusedWhateverTheirLicence(String name) {
    assertThatThrownBy(
            () -> Licences.require("kvbm-core", List.of(new Artifact(name, "1", List.of("MIT")))))
        .hasMessageContaining(name);
  }

  @Test
  void aLicenceIsReadFromTheParentWhereTheArtifactNamesNone(@TempDir Path repository)
      throws IOException {
    Path parent = repository.resolve("org/example/parent/1/parent-1.pom");
    Path pom = repository.resolve("org/example/thing/2/thing-2.pom");
    Files.createDirectories(parent.getParent());
    Files.createDirectories(pom.getParent());
    Files.writeString(
        parent, "<project><licenses><license><name>LGPL-3.0</name></license></licenses></project>");
    Files.writeString(
        pom,
        "<project><parent><groupId>org.example</groupId><artifactId>parent</artifactId>"
            + "<version>1</version></parent><artifactId>thing</artifactId></project>");

    assertThat(Licences.read(pom.resolveSibling("thing-2.jar")))
        .isEqualTo(new Artifact("org.example:thing", "2", List.of("LGPL-3.0")));
  }
}
