package io.kvbm.arch;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.module.ModuleDescriptor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Compiled classes, each of which knows the module it was compiled in. */
final class CodeBase {
  private final JavaClasses classes;
  private final Map<String, Path> folders;
  private final Map<String, Set<String>> exports;
  private final Map<String, Set<String>> packageGraph = new HashMap<>();

  private CodeBase(
      JavaClasses classes, Map<String, Path> folders, Map<String, Set<String>> exports) {
    this.classes = classes;
    this.folders = folders;
    this.exports = exports;
    for (JavaClass type : classes) {
      for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
        String target = dependency.getTargetClass().getBaseComponentType().getPackageName();
        if (target.startsWith("io.kvbm.") && !target.equals(type.getPackageName())) {
          packageGraph.computeIfAbsent(type.getPackageName(), _ -> new TreeSet<>()).add(target);
        }
      }
    }
  }

  /** {@return the production classes of all modules} */
  static CodeBase production(Reactor reactor) {
    Map<String, Path> folders = new HashMap<>();
    for (Reactor.Module module : reactor.modules()) {
      if (Files.isDirectory(module.classes())) {
        folders.put(module.artifactId(), module.classes());
      }
    }
    return of(folders, exports(reactor));
  }

  /** {@return the test classes of all modules} */
  static CodeBase tests(Reactor reactor) {
    Map<String, Path> folders = new HashMap<>();
    for (Reactor.Module module : reactor.modules()) {
      if (Files.isDirectory(module.testClasses())) {
        folders.put(module.artifactId(), module.testClasses());
      }
    }
    return of(folders, Map.of());
  }

  static CodeBase of(Map<String, Path> folders, Map<String, Set<String>> exports) {
    JavaClasses classes =
        new ClassFileImporter()
            // What JMH's processor writes is not ours to judge.
            .withImportOption(location -> !location.contains("/jmh_generated/"))
            .importPaths(folders.values());
    return new CodeBase(classes, folders, exports);
  }

  /** {@return the packages each modular module exports to everyone} */
  static Map<String, Set<String>> exports(Reactor reactor) {
    Map<String, Set<String>> exports = new HashMap<>();
    for (Reactor.Module module : reactor.modules()) {
      Path descriptor = module.classes().resolve("module-info.class");
      if (Files.isRegularFile(descriptor)) {
        exports.put(module.artifactId(), exported(descriptor));
      }
    }
    return exports;
  }

  private static Set<String> exported(Path descriptor) {
    try (InputStream in = Files.newInputStream(descriptor)) {
      return ModuleDescriptor.read(in).exports().stream()
          .map(ModuleDescriptor.Exports::source)
          .collect(Collectors.toSet());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** {@return which packages of ours each of our packages depends on} */
  Map<String, Set<String>> packageGraph() {
    return packageGraph;
  }

  JavaClasses classes() {
    return classes;
  }

  /** {@return the artifact a class was compiled in, or an empty string for one from elsewhere} */
  String moduleOf(JavaClass type) {
    Path source = type.getSource().map(from -> Path.of(from.getUri())).orElse(Path.of(""));
    for (Map.Entry<String, Path> folder : folders.entrySet()) {
      if (source.startsWith(folder.getValue())) {
        return folder.getKey();
      }
    }
    return "";
  }

  boolean isExported(JavaClass type) {
    return exports.getOrDefault(moduleOf(type), Set.of()).contains(type.getPackageName());
  }

  boolean isModular(JavaClass type) {
    return exports.containsKey(moduleOf(type));
  }

  List<JavaClass> in(String artifactId) {
    return classes.stream().filter(type -> moduleOf(type).equals(artifactId)).toList();
  }
}
