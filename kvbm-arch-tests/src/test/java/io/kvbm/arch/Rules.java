package io.kvbm.arch;

import java.util.List;
import java.util.stream.Stream;

/** Every rule of the architecture, in the order of the table in docs/architecture-rules.md. */
final class Rules {

  private Rules() {}

  static List<Rule> all() {
    return Stream.of(DependencyRules.all(), ShapeRules.all(), ConductRules.all())
        .flatMap(List::stream)
        .toList();
  }
}
