package io.kvbm.core.plugin;

import io.kvbm.api.spi.BackendProvider;
import io.kvbm.api.spi.Spi;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Makes the jars of plugins from sources, below one folder of a test. For one thread.
 *
 * <p>A backend made here answers a probe with what its code says, which is how tests look inside.
 */
final class PluginWorkshop {

  static final String BACKENDS = "io.kvbm.api.spi.BackendProvider";
  static final String SPI = Spi.MAJOR + "." + Spi.MINOR;

  private final Path folder;
  private int made;

  /** Makes everything below a folder, the plugins directory among it. */
  PluginWorkshop(Path folder) {
    this.folder = folder;
    mkdir(plugins());
  }

  /** {@return the plugins directory} */
  Path plugins() {
    return folder.resolve("plugins");
  }

  /** {@return an empty folder for a plugin} */
  Path plugin(String name) {
    return mkdir(plugins().resolve(name));
  }

  /** {@return a jar to be filled} */
  Jar jar() {
    return new Jar();
  }

  /** {@return the jar of a backend, as a module, whose probe gives this text} */
  Jar backend(String name, String version, String text) {
    return answering(name, version, "return \"%s\";".formatted(text));
  }

  /** {@return the jar of a backend, as a module, whose probe runs this code} */
  Jar answering(String name, String version, String code) {
    String base = packageOf(name);
    return jar()
        .source(base + ".Provider", provider(base, name, code))
        .module(
            "module %s { requires io.kvbm.api; provides %s with %s.Provider; }"
                .formatted(base, BACKENDS, base))
        .version(version)
        .service(BACKENDS, base + ".Provider")
        .attribute("Kvbm-Spi", SPI)
        .attribute("Implementation-Version", version);
  }

  static String packageOf(String name) {
    return "org.example." + name.replace("-", "");
  }

  static String provider(String base, String name, String code) {
    return provider(base, name, "SpiVersion(Spi.MAJOR, Spi.MINOR)", "", code);
  }

  static String provider(String base, String name, String spi, String members, String code) {
    return """
    package %s;
    import io.kvbm.api.spi.*;
    import java.util.*;
    public final class Provider implements BackendProvider {
      %s
      public String name() { return "%s"; }
      public SpiVersion builtFor() { return new %s; }
      public Set<String> storageKinds() { return Set.of(); }
      public List<ConfigKey> configKeys() { return List.of(); }
      public Availability probe(BackendConfig config) {
        try { return new Availability.Available(answer()); }
        catch (Throwable e) { return new Availability.Unavailable(e.toString()); }
      }
      public Backend open(BackendContext context, BackendConfig config) { return () -> {}; }
      static String answer() throws Throwable { %s }
    }
    """
        .formatted(base, members, name, spi, code);
  }

  /** {@return where a class of the test's own class path lies} */
  static Path locationOf(Class<?> type) {
    try {
      return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Path mkdir(Path path) {
    try {
      return Files.createDirectories(path);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** One jar being filled. */
  final class Jar {

    private final Map<String, String> sources = new LinkedHashMap<>();
    private final Map<String, byte[]> entries = new LinkedHashMap<>();
    private final Map<String, String> attributes = new LinkedHashMap<>();
    private final List<Path> libraries =
        new ArrayList<>(List.of(locationOf(BackendProvider.class), locationOf(Nullable.class)));
    private final List<String> left = new ArrayList<>();
    private @Nullable String version;

    Jar source(String type, String text) {
      sources.put(type, text);
      return this;
    }

    /** Makes it a module; in its place a jar without is an automatic one. */
    Jar module(String text) {
      return source("module-info", text);
    }

    Jar automatic() {
      sources.remove("module-info");
      return this;
    }

    /** Compiles a class and leaves it out of the jar. */
    Jar leavingOut(String type) {
      left.add(type);
      return this;
    }

    Jar version(String text) {
      version = text;
      return this;
    }

    Jar service(String name, String lines) {
      return entry("META-INF/services/" + name, lines.getBytes(StandardCharsets.UTF_8));
    }

    Jar withoutService(String name) {
      entries.remove("META-INF/services/" + name);
      return this;
    }

    Jar attribute(String name, String value) {
      attributes.put(name, value);
      return this;
    }

    Jar withoutAttribute(String name) {
      attributes.remove(name);
      return this;
    }

    Jar entry(String name, byte[] bytes) {
      entries.put(name, bytes);
      return this;
    }

    Jar text(String name, String text) {
      return entry(name, text.getBytes(StandardCharsets.UTF_8));
    }

    /** Lets the sources use another jar. */
    Jar using(Path library) {
      libraries.add(library);
      return this;
    }

    /** {@return the jar's path, after writing it} */
    Path writeTo(Path target) throws IOException {
      Path classes = compile();
      Manifest manifest = new Manifest();
      manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
      attributes.forEach((name, value) -> manifest.getMainAttributes().putValue(name, value));
      try (OutputStream file = Files.newOutputStream(target);
          JarOutputStream jar = new JarOutputStream(file, manifest);
          Stream<Path> files = Files.walk(classes)) {
        for (Path compiled : files.filter(Files::isRegularFile).sorted().toList()) {
          String name = classes.relativize(compiled).toString();
          if (!left.contains(name.replace(".class", "").replace('/', '.'))) {
            write(jar, name, Files.readAllBytes(compiled));
          }
        }
        for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
          write(jar, entry.getKey(), entry.getValue());
        }
      }
      return target;
    }

    private static void write(JarOutputStream jar, String name, byte[] bytes) throws IOException {
      jar.putNextEntry(new JarEntry(name));
      jar.write(bytes);
      jar.closeEntry();
    }

    /** {@return the folder of the compiled classes} */
    Path compile() throws IOException {
      Path classes = mkdir(folder.resolve("classes-" + made++));
      if (sources.isEmpty()) {
        return classes;
      }
      List<String> options = new ArrayList<>(List.of("-d", classes.toString(), "-proc:none"));
      options.add(sources.containsKey("module-info") ? "--module-path" : "--class-path");
      options.add(String.join(":", libraries.stream().map(Path::toString).toList()));
      if (version != null && sources.containsKey("module-info")) {
        options.addAll(List.of("--module-version", version));
      }
      Path text = mkdir(folder.resolve("sources-" + made++));
      for (Map.Entry<String, String> source : sources.entrySet()) {
        Path file = text.resolve(source.getKey().replace('.', '/') + ".java");
        mkdir(file.getParent());
        options.add(Files.writeString(file, source.getValue()).toString());
      }
      StringWriter output = new StringWriter();
      PrintWriter printer = new PrintWriter(output);
      ToolProvider javac = ToolProvider.findFirst("javac").orElseThrow();
      if (javac.run(printer, printer, options.toArray(String[]::new)) != 0) {
        throw new IllegalStateException(output.toString());
      }
      return classes;
    }
  }
}
