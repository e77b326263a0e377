package io.kvbm.arch;

import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/**
 * Code that breaks a rule, compiled under the package names the rules are about.
 *
 * <p>A sample is a folder per module with sources in it. A package without a {@code package-info}
 * gets one that is {@code @NullMarked}, so that a sample breaks its own rule only.
 */
final class Samples {

  private static final JavaCompiler COMPILER = ToolProvider.getSystemJavaCompiler();

  /** Shared, so that the class path is opened once and not per sample. */
  private static final StandardJavaFileManager FILES =
      COMPILER.getStandardFileManager(null, null, null);

  private Samples() {}

  static CodeBase compile(Path sample, Path target, Map<String, Set<String>> exports)
      throws IOException {
    List<String> arguments =
        new ArrayList<>(List.of("-proc:none", "-nowarn", "-XDignore.symbol.file"));
    Map<String, Path> folders = new HashMap<>();
    try (Stream<Path> modules = Files.list(sample)) {
      for (Path module : modules.sorted().toList()) {
        Path classes = target.resolve(module.getFileName());
        compileModule(module, classes, target.resolve("generated"), folders, arguments);
        folders.put(module.getFileName().toString(), classes);
      }
    }
    return CodeBase.of(folders, exports);
  }

  private static void compileModule(
      Path module, Path classes, Path generated, Map<String, Path> before, List<String> options)
      throws IOException {
    List<Path> sources;
    try (Stream<Path> files = Files.walk(module)) {
      sources = files.filter(Files::isRegularFile).toList();
    }
    List<String> arguments = new ArrayList<>(options);
    StringBuilder path = new StringBuilder(System.getProperty("java.class.path"));
    before.values().forEach(folder -> path.append(java.io.File.pathSeparator).append(folder));
    arguments.addAll(List.of("-cp", path.toString(), "-d", classes.toString()));
    for (Path source : sources) {
      arguments.add(source.toString());
      Path info = source.resolveSibling("package-info.java");
      if (!Files.exists(info)) {
        String name = module.relativize(source.getParent()).toString().replace('/', '.');
        Path made = generated.resolve(module.getFileName()).resolve(name + "/package-info.java");
        if (Files.notExists(made)) {
          Files.createDirectories(made.getParent());
          Files.writeString(made, "@org.jspecify.annotations.NullMarked package " + name + ";\n");
          arguments.add(made.toString());
        }
      }
    }
    List<String> flags =
        arguments.stream().takeWhile(argument -> !argument.endsWith(".java")).toList();
    List<String> files = arguments.subList(flags.size(), arguments.size());
    StringWriter messages = new StringWriter();
    boolean compiled =
        COMPILER
            .getTask(messages, FILES, null, flags, null, FILES.getJavaFileObjectsFromStrings(files))
            .call();
    if (!compiled) {
      throw new AssertionError(module + " does not compile:\n" + messages);
    }
  }
}
