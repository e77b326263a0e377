package io.kvbm.arch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;

/** The list of versions is that of the published modules. */
class BomTest {

  @Test
  void listsEveryPublishedModuleWithItsVersionAndNothingElse() {
    Reactor reactor = Reactor.load();
    Element bom = Reactor.parse(reactor.module("kvbm-bom").folder().resolve("pom.xml"));
    Element managed = Reactor.child(Reactor.child(bom, "dependencyManagement"), "dependencies");
    List<String> listed = new ArrayList<>();
    for (Element element : Reactor.children(managed, "dependency")) {
      Reactor.Dependency dependency = Reactor.dependency(element);
      listed.add(dependency.name() + ":" + resolve(bom, String.valueOf(dependency.version())));
    }
    assertThat(listed)
        .containsExactlyInAnyOrderElementsOf(
            reactor.libraries().stream()
                .map(m -> m.groupId() + ":" + m.artifactId() + ":" + m.version())
                .toList());
  }

  @Test
  void hasNoParentWhoseVersionsItWouldHandOn() {
    Reactor reactor = Reactor.load();
    Element bom = Reactor.parse(reactor.module("kvbm-bom").folder().resolve("pom.xml"));
    assertThat(Reactor.child(bom, "parent")).isNull();
    assertThat(reactor.module("kvbm-bom").version())
        .isEqualTo(reactor.module("kvbm-core").version());
  }

  private static String resolve(Element bom, String version) {
    if (version.equals("${project.version}")) {
      return Reactor.text(bom, "version", "");
    }
    Element properties = Reactor.child(bom, "properties");
    return version.startsWith("${") && properties != null
        ? Reactor.text(properties, version.substring(2, version.length() - 1), version)
        : version;
  }
}
