package io.kvbm.arch;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Predicate;

/** Who may know whom. */
final class DependencyRules {
  /** Annotations that only the compiler reads. */
  private static final List<String> COMPILE_TIME =
      List.of("org.jspecify.annotations", "com.google.errorprone.annotations");

  /** The libraries of design section 2, by the package that a module starts with. */
  private static final Map<String, List<String>> LIBRARIES =
      Map.ofEntries(
          Map.entry("io.kvbm.api", List.of()),
          Map.entry(
              "io.kvbm.core",
              List.of(
                  "io.kvbm.api",
                  "org.agrona",
                  "com.dynatrace.hash4j",
                  "io.micrometer.core",
                  "org.snakeyaml.engine")),
          Map.entry(
              "io.kvbm.codecs",
              List.of("io.kvbm.api", "net.jpountz", "at.yawk.lz4", "com.github.luben.zstd")),
          Map.entry("io.kvbm.graph.csr", List.of("io.kvbm.api")),
          Map.entry("io.kvbm.backend.system", List.of("io.kvbm.api")),
          Map.entry("io.kvbm.cuda", List.of("io.kvbm.api", "jcuda")),
          Map.entry("io.kvbm.backend.pinned", List.of("io.kvbm.api", "io.kvbm.cuda")),
          Map.entry("io.kvbm.backend.cuda", List.of("io.kvbm.api", "io.kvbm.cuda")),
          Map.entry(
              "io.kvbm.backend.disk",
              List.of("io.kvbm.api", "com.github.benmanes.caffeine", "com.sun.nio.file")),
          Map.entry(
              "io.kvbm.backend.remote",
              List.of(
                  "io.kvbm.api",
                  "io.netty",
                  "io.etcd.jetcd",
                  "io.grpc",
                  "javax.crypto",
                  "javax.naming",
                  "javax.net.ssl",
                  "javax.security.auth.x500",
                  "software.amazon.awssdk")));

  private DependencyRules() {}

  static List<Rule> all() {
    return List.of(
        new Rule(
            "api-needs-only-the-jdk",
            "io.kvbm.api depends on java.* and on annotations for the compiler",
            "3.7 (1)",
            120,
            (_, type) -> under(type, "io.kvbm.api"),
            (_, type, found) -> dependencies(type, found, target -> !allowed(type, target))),
        new Rule(
            "core-needs-only-its-libraries",
            "core and codecs depend on the api and on the libraries the design names",
            "design 2",
            150,
            (_, type) -> under(type, "io.kvbm.core") || under(type, "io.kvbm.codecs"),
            (_, type, found) ->
                dependencies(
                    type,
                    found,
                    target ->
                        !allowed(type, target)
                            && !under(target, "io.kvbm.backend")
                            && !isStore(target))),
        new Rule(
            "core-sees-no-backend",
            "core, codecs, graph-csr and model-store never see a backend",
            "3.7 (2), design 2",
            150,
            (_, type) ->
                under(type, "io.kvbm.core") || under(type, "io.kvbm.codecs") || isStore(type),
            (_, type, found) ->
                dependencies(type, found, target -> under(target, "io.kvbm.backend"))),
        new Rule(
            "backends-see-only-the-api",
            "a backend depends on the api and its own libraries, not on core or another backend",
            "3.7 (3)",
            50,
            (_, type) -> under(type, "io.kvbm.backend"),
            (_, type, found) -> dependencies(type, found, target -> !allowed(type, target))),
        new Rule(
            "stores-and-core-apart",
            "core and the stores above the api (graph-csr, model-store) do not know each other",
            "3.7 (4)",
            150,
            (_, type) -> under(type, "io.kvbm.core") || isStore(type),
            (_, type, found) ->
                dependencies(
                    type,
                    found,
                    target ->
                        under(type, "io.kvbm.core")
                            ? isStore(target)
                            : under(target, "io.kvbm.core"))),
        new Rule(
            "no-package-cycles",
            "no cycles over packages, and so none over modules; the packages of the api count as"
                + " one",
            "3.7 (5)",
            350,
            (_, type) -> under(type, "io.kvbm"),
            DependencyRules::cycles));
  }

  static boolean under(JavaClass type, String root) {
    String name = type.getPackageName();
    return name.equals(root) || name.startsWith(root + ".");
  }

  static boolean isStore(JavaClass type) {
    return under(type, "io.kvbm.graph") || under(type, "io.kvbm.model");
  }

  private static boolean allowed(JavaClass type, JavaClass target) {
    String home =
        LIBRARIES.keySet().stream().filter(root -> under(type, root)).findFirst().orElse("");
    // A backend that is not listed yet has no library but the api.
    if (home.isEmpty()) {
      home = type.getPackageName();
    }
    List<String> libraries = LIBRARIES.getOrDefault(home, List.of("io.kvbm.api"));
    return target.isPrimitive()
        || under(target, home)
        || under(target, "java")
        || COMPILE_TIME.stream().anyMatch(root -> under(target, root))
        || libraries.stream().anyMatch(root -> under(target, root));
  }

  private static void dependencies(
      JavaClass type, List<String> found, Predicate<JavaClass> forbidden) {
    for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
      JavaClass target = dependency.getTargetClass().getBaseComponentType();
      if (forbidden.test(target)) {
        found.add(dependency.getDescription());
      }
    }
  }

  /** Reports the cycle, if any, that the package of a class is part of. */
  private static void cycles(CodeBase code, JavaClass type, List<String> found) {
    String start = type.getPackageName();
    Map<String, String> cameFrom = new HashMap<>();
    var open = new ArrayDeque<String>(List.of(start));
    while (!open.isEmpty()) {
      String from = open.remove();
      for (String to : targets(code, from)) {
        if (to.equals(start)) {
          found.add(path(cameFrom, start, from) + " -> " + start);
          return;
        }
        if (cameFrom.putIfAbsent(to, from) == null) {
          open.add(to);
        }
      }
    }
  }

  private static String path(Map<String, String> cameFrom, String start, String end) {
    return end.equals(start)
        ? start
        : path(cameFrom, start, Objects.requireNonNull(cameFrom.get(end))) + " -> " + end;
  }

  /**
   * The api's packages are one vocabulary, whose words explain each other: edges inside it are left
   * out.
   */
  private static Set<String> targets(CodeBase code, String name) {
    return name.startsWith("io.kvbm.api")
        ? Set.of()
        : code.packageGraph().getOrDefault(name, Set.of());
  }
}
