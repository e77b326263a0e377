package io.kvbm.arch;

import static io.kvbm.arch.DependencyRules.under;

import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaConstructorCall;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/** What code may call. */
final class ConductRules {
  private static final Set<String> GENERIC =
      Set.of(
          "java.lang.Exception",
          "java.lang.RuntimeException",
          "java.lang.Throwable",
          "java.lang.Error");

  private static final Set<String> UNSAFE =
      Set.of(
          "sun.misc.Unsafe",
          "jdk.internal.misc.Unsafe",
          "org.agrona.UnsafeAccess",
          "org.agrona.UnsafeApi");

  private static final Set<String> NATIVE =
      Set.of("java.lang.foreign.Linker", "java.lang.foreign.SymbolLookup");

  private static final Set<String> HIDDEN_INPUTS =
      Set.of(
          "java.lang.System.nanoTime",
          "java.lang.System.currentTimeMillis",
          "java.lang.Thread.sleep",
          "java.time.Instant.now",
          "java.lang.Math.random",
          "java.util.concurrent.ThreadLocalRandom.current");

  /** Apart from backends, code that calls native functions: one small class or package each. */
  private static final List<String> NATIVE_ALLOWED =
      List.of(
          "io.kvbm.backend",
          "io.kvbm.cuda",
          "io.kvbm.testkit.cuda",
          "io.kvbm.core.plugin",
          "io.kvbm.graph.csr.adjacency.RawMemory");

  private ConductRules() {}

  static List<Rule> all() {
    return List.of(
        new Rule(
            "no-generic-exceptions",
            "no Exception, RuntimeException, Throwable or Error is made, except by LeakDetector,"
                + " which keeps one as the place a block was taken and never throws it",
            "3.7 (12)",
            400,
            (_, type) -> !type.getName().equals("io.kvbm.core.pool.LeakDetector"),
            ConductRules::generic),
        new Rule(
            "api-exceptions-have-one-root",
            "exceptions of the api extend KvbmException",
            "3.7 (12)",
            6,
            (_, type) -> under(type, "io.kvbm.api") && type.isAssignableTo(Throwable.class),
            (_, type, found) -> {
              if (!type.isAssignableTo("io.kvbm.api.KvbmException")) {
                found.add(type.getName() + " does not extend KvbmException");
              }
            }),
        new Rule(
            "no-standard-streams",
            "only the console of the command line uses standard streams",
            "3.7 (13)",
            400,
            (_, type) -> !under(type, "io.kvbm.cli.console"),
            (_, type, found) -> accesses(type, found, ConductRules::isStream)),
        new Rule(
            "only-the-system-logger",
            "only io.kvbm.cli.Logging, which configures it, uses java.util.logging",
            "3.7 (13)",
            400,
            (_, type) -> !type.getName().equals("io.kvbm.cli.Logging"),
            (_, type, found) -> {
              for (var dependency : type.getDirectDependenciesFromSelf()) {
                if (under(dependency.getTargetClass(), "java.util.logging")) {
                  found.add(dependency.getDescription());
                }
              }
            }),
        new Rule(
            "native-only-in-backends",
            "Linker, SymbolLookup and reinterpret stand in backends, in the plugin loader and where"
                + " rows of graphs are read only",
            "3.7 (14), design 8",
            300,
            (_, type) -> NATIVE_ALLOWED.stream().noneMatch(root -> under(type, root)),
            (_, type, found) ->
                accesses(
                    type,
                    found,
                    access ->
                        NATIVE.contains(access.getTargetOwner().getName())
                            || access.getName().equals("reinterpret"))),
        new Rule(
            "no-unsafe",
            "no Unsafe and no setAccessible",
            "3.7 (14)",
            400,
            (_, _) -> true,
            (_, type, found) ->
                accesses(
                    type,
                    found,
                    access ->
                        UNSAFE.contains(access.getTargetOwner().getName())
                            || access.getName().equals("setAccessible")
                            || access.getName().equals("trySetAccessible"))),
        new Rule(
            "core-takes-time-from-its-clock",
            "core reads time and chance only from what it was given: no nanoTime, sleep or Random",
            "3.7 (15)",
            150,
            (_, type) -> under(type, "io.kvbm.core"),
            (_, type, found) -> accesses(type, found, ConductRules::isHiddenInput)));
  }

  private static void generic(CodeBase code, JavaClass type, List<String> found) {
    for (JavaConstructorCall call : type.getConstructorCallsFromSelf()) {
      boolean superCall =
          call.getOrigin().isConstructor()
              && type.getRawSuperclass().map(call.getTargetOwner()::equals).orElse(false);
      if (GENERIC.contains(call.getTargetOwner().getName()) && !superCall) {
        found.add(call.getDescription());
      }
    }
  }

  private static boolean isStream(JavaAccess<?> access) {
    String owner = access.getTargetOwner().getName();
    return (owner.equals("java.lang.System")
            && Set.of("out", "err", "in").contains(access.getName()))
        || (access.getName().equals("printStackTrace")
            && access.getTargetOwner().isAssignableTo(Throwable.class)
            && access.getTarget().getFullName().endsWith("printStackTrace()"));
  }

  private static boolean isHiddenInput(JavaAccess<?> access) {
    String owner = access.getTargetOwner().getName();
    return HIDDEN_INPUTS.contains(owner + "." + access.getName())
        || (owner.equals("java.util.Random") && access.getName().equals("<init>"));
  }

  private static void accesses(
      JavaClass type, List<String> found, Predicate<JavaAccess<?>> forbidden) {
    for (JavaAccess<?> access : type.getAccessesFromSelf()) {
      if (forbidden.test(access)) {
        found.add(access.getDescription());
      }
    }
    type.getMethodReferencesFromSelf().stream()
        .filter(forbidden::test)
        .forEach(reference -> found.add(reference.getDescription()));
  }
}
