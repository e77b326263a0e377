package io.kvbm.arch;

import static io.kvbm.arch.DependencyRules.under;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaConstructor;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaMember;
import com.tngtech.archunit.core.domain.JavaModifier;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/** How packages, types and providers look. */
final class ShapeRules {
  private static final Pattern VAGUE = Pattern.compile(".*(Manager|Helper|Utils?|Impl)");

  /** Names that the specification decided. */
  private static final Set<String> SPECIFIED =
      Set.of("KvBlockManager", "EventManager", "NullEventManager");

  private static final List<String> BLOCK_STATES =
      List.of(
          "io.kvbm.api.block.MutableBlock",
          "io.kvbm.api.block.CompleteBlock",
          "io.kvbm.api.block.ImmutableBlock",
          "io.kvbm.api.block.WeakBlock");

  private static final String PROVIDER = "io.kvbm.api.spi.BackendProvider";

  private ShapeRules() {}

  static List<Rule> all() {
    return List.of(
        new Rule(
            "public-types-are-exported",
            "a public type stands in an exported package, or is a provider or a command, or another"
                + " package of its module uses it",
            "3.7 (6)",
            200,
            (code, type) ->
                code.isModular(type)
                    && type.isTopLevelClass()
                    && type.getModifiers().contains(JavaModifier.PUBLIC),
            ShapeRules::exported),
        new Rule(
            "signatures-can-be-named",
            "a public type of an exported package names only types in its public signatures that"
                + " its users can name, too",
            "javac's lint `exports`",
            200,
            (code, type) -> code.isModular(type) && code.isExported(type) && isPublic(type),
            ShapeRules::nameable),
        new Rule(
            "packages-start-with-the-module",
            "every package starts with the name of its module",
            "3.7 (7)",
            350,
            (_, type) -> type.isTopLevelClass(),
            ShapeRules::placed),
        new Rule(
            "packages-are-null-marked",
            "every package is @NullMarked",
            "3.7 (7)",
            350,
            (_, type) -> type.isTopLevelClass() && !type.getSimpleName().equals("module-info"),
            ShapeRules::nullMarked),
        new Rule(
            "api-types-carry-a-stability",
            "every public top-level type of the api carries @Stability",
            "3.7 (8)",
            100,
            (_, type) ->
                under(type, "io.kvbm.api")
                    && type.isTopLevelClass()
                    && type.getModifiers().contains(JavaModifier.PUBLIC),
            (_, type, found) -> {
              if (!type.isAnnotatedWith("io.kvbm.api.Stability")) {
                found.add(type.getName() + " carries no @Stability");
              }
            }),
        new Rule(
            "one-block-state",
            "no class implements two block states",
            "3.7 (9)",
            3,
            (_, type) ->
                !type.isInterface() && BLOCK_STATES.stream().anyMatch(type::isAssignableTo),
            (_, type, found) -> {
              if (BLOCK_STATES.stream().filter(type::isAssignableTo).count() > 1) {
                found.add(type.getName() + " implements two block states");
              }
            }),
        new Rule(
            "backend-providers",
            "a backend's provider is a public final class *BackendProvider without parameters, I/O"
                + " in its constructor or static mutable state",
            "3.7 (10)",
            2,
            (_, type) ->
                under(type, "io.kvbm.backend")
                    && !type.isInterface()
                    && type.isAssignableTo(PROVIDER),
            ShapeRules::provider),
        new Rule(
            "plain-names",
            "no type is a Manager, Helper, Util or Impl, except those the specification names",
            "3.4",
            400,
            (_, _) -> true,
            (_, type, found) -> {
              if (VAGUE.matcher(type.getSimpleName()).matches()
                  && !SPECIFIED.contains(type.getSimpleName())) {
                found.add(type.getName() + " has a name that does not say what it is");
              }
            }));
  }

  private static void exported(CodeBase code, JavaClass type, List<String> found) {
    // Picocli reflects on commands through an opened package; providers are reached by name.
    boolean command = type.isAnnotatedWith("picocli.CommandLine$Command");
    boolean provider =
        type.getSimpleName().endsWith("Provider") || type.getSimpleName().equals("Main");
    boolean shared =
        type.getDirectDependenciesToSelf().stream()
            .anyMatch(use -> !use.getOriginClass().getPackageName().equals(type.getPackageName()));
    if (!code.isExported(type) && !command && !provider && !shared) {
      found.add(type.getName() + " is public, and only its package, not exported, can see it");
    }
  }

  /** What is nested in an interface that is not public is called public, and is not. */
  private static boolean isPublic(JavaClass type) {
    return type.getModifiers().contains(JavaModifier.PUBLIC)
        && type.getEnclosingClass().map(ShapeRules::isPublic).orElse(true);
  }

  private static void nameable(CodeBase code, JavaClass type, List<String> found) {
    for (JavaMember member : type.getMembers()) {
      if (member.getModifiers().contains(JavaModifier.PUBLIC)
          || member.getModifiers().contains(JavaModifier.PROTECTED)
              && !type.getModifiers().contains(JavaModifier.FINAL)) {
        for (JavaClass named : member.getAllInvolvedRawTypes()) {
          JavaClass base = named.getBaseComponentType();
          if (base.getPackageName().startsWith("io.kvbm.")
              && !(isPublic(base) && code.isExported(base))) {
            found.add(member.getFullName() + " names " + base.getName() + ", which no user can");
          }
        }
      }
    }
  }

  private static void placed(CodeBase code, JavaClass type, List<String> found) {
    String artifact = code.moduleOf(type);
    String name =
        "io." + (artifact.startsWith("kvbm-") ? "" : "kvbm.") + artifact.replace('-', '.');
    if (!type.getPackageName().isEmpty() && !under(type, name)) {
      found.add(type.getName() + " is in " + artifact + " but not below " + name);
    }
  }

  private static void nullMarked(CodeBase code, JavaClass type, List<String> found) {
    if (!type.getPackage().isAnnotatedWith("org.jspecify.annotations.NullMarked")) {
      found.add(type.getPackageName() + " is not @NullMarked");
    }
  }

  private static void provider(CodeBase code, JavaClass type, List<String> found) {
    Set<JavaModifier> modifiers = type.getModifiers();
    if (!modifiers.contains(JavaModifier.PUBLIC) || !modifiers.contains(JavaModifier.FINAL)) {
      found.add(type.getName() + " is not public and final");
    }
    if (!type.getSimpleName().endsWith("BackendProvider")) {
      found.add(type.getName() + " does not end in BackendProvider");
    }
    for (JavaConstructor constructor : type.getConstructors()) {
      if (!constructor.getParameters().isEmpty()
          || !constructor.getModifiers().contains(JavaModifier.PUBLIC)) {
        found.add(constructor.getFullName() + " is not public without parameters");
      }
      boolean works =
          constructor.getMethodCallsFromSelf().stream()
              .anyMatch(call -> !call.getTargetOwner().getPackageName().startsWith("java.util"));
      if (works) {
        found.add(constructor.getFullName() + " does work: a provider's constructor does none");
      }
    }
    for (JavaField field : type.getFields()) {
      if (field.getModifiers().contains(JavaModifier.STATIC)
          && !field.getModifiers().contains(JavaModifier.FINAL)) {
        found.add(field.getFullName() + " is static and not final");
      }
    }
  }
}
