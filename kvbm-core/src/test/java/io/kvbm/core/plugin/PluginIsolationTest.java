package io.kvbm.core.plugin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.spi.BackendProvider;
import io.kvbm.testkit.RequiredTools;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a plugin sees is its own first: classes, resources, services, native libraries. */
class PluginIsolationTest {

  @TempDir Path folder;
  private PluginWorkshop workshop;

  @BeforeEach
  void set_up() {
    workshop = new PluginWorkshop(folder);
  }

  private PluginWorkshop.Jar library(String version) {
    return workshop
        .jar()
        .source(
            "org.example.lib.Library",
            "package org.example.lib; public class Library { public static String version() {"
                + " return \"%s\"; } }".formatted(version))
        .module("module org.example.lib { exports org.example.lib; }");
  }

  private void backendUsing(String name, String version) throws IOException {
    Path library = library(version).writeTo(workshop.plugin(name).resolve("lib.jar"));
    String base = PluginWorkshop.packageOf(name);
    workshop
        .answering(name, "1", "return org.example.lib.Library.version();")
        .using(library)
        .module(
            "module %s { requires io.kvbm.api; requires org.example.lib; provides %s with"
                    .formatted(base, PluginWorkshop.BACKENDS)
                + " %s.Provider; }".formatted(base))
        .writeTo(workshop.plugin(name).resolve("backend.jar"));
  }

  @ParameterizedTest
  @EnumSource
  void each_plugin_has_its_own_version_of_a_library(HostMode mode) throws IOException {
    backendUsing("ember", "1.0");
    backendUsing("alder", "2.0");
    Path shared = library("platform").writeTo(folder.resolve("shared.jar"));
    try (URLClassLoader path =
            new URLClassLoader(new URL[] {shared.toUri().toURL()}, mode.loader());
        DrivenPlatform platform = DrivenPlatform.open(mode, path, workshop.plugins())) {
      assertThat(platform.answer("ember")).isEqualTo("1.0");
      assertThat(platform.answer("alder")).isEqualTo("2.0");
      assertThat(platform.refusals()).isEmpty();
    }
  }

  @ParameterizedTest
  @EnumSource
  void resources_are_the_plugins_own_first(HostMode mode) throws IOException {
    String code =
        """
        String name = "META-INF/MANIFEST.MF";
        ClassLoader loader = Provider.class.getClassLoader();
        String own = new String(
            Provider.class.getResourceAsStream("/data.txt").readAllBytes());
        String byLoader = new String(loader.getResourceAsStream("data.txt").readAllBytes());
        boolean first = loader.getResources(name).nextElement().equals(loader.getResource(name))
            && loader.getResource(name).toString().contains("/%s/");
        return own + byLoader + first + (loader.getResourceAsStream("nowhere.txt") == null);
        """;
    for (String name : List.of("alder", "ember")) {
      workshop
          .answering(name, "1", code.formatted(name))
          .text("data.txt", name)
          .writeTo(workshop.plugin(name).resolve("p.jar"));
    }
    try (DrivenPlatform platform = DrivenPlatform.open(mode, workshop.plugins())) {
      assertThat(platform.answer("alder")).isEqualTo("alderaldertruetrue");
      assertThat(platform.answer("ember")).isEqualTo("emberembertruetrue");
    }
  }

  @ParameterizedTest
  @EnumSource
  void a_copy_of_the_api_is_not_used(HostMode mode) throws IOException {
    workshop.backend("ember", "1", "hi").writeTo(workshop.plugin("ember").resolve("p.jar"));
    Path api = PluginWorkshop.locationOf(BackendProvider.class);
    PluginWorkshop.Jar copy = workshop.jar();
    if (Files.isDirectory(api)) {
      try (Stream<Path> files = Files.walk(api)) {
        for (Path file : files.filter(Files::isRegularFile).toList()) {
          copy.entry(api.relativize(file).toString(), Files.readAllBytes(file));
        }
      }
      copy.writeTo(workshop.plugin("ember").resolve("kvbm-api.jar"));
    } else {
      Files.copy(api, workshop.plugin("ember").resolve("kvbm-api.jar"));
    }
    try (DrivenPlatform platform = DrivenPlatform.open(mode, workshop.plugins())) {
      assertThat(platform.refusals()).isEmpty();
      assertThat(platform.answer("ember")).isEqualTo("hi");
    }
  }

  @ParameterizedTest
  @EnumSource
  void a_jar_without_module_info_has_the_version_of_its_manifest(HostMode mode) throws IOException {
    workshop
        .backend("ember", "2.5", "hi")
        .automatic()
        .writeTo(workshop.plugin("ember").resolve("ember-9.jar"));
    try (DrivenPlatform platform = DrivenPlatform.open(mode, workshop.plugins())) {
      assertThat(platform.backends())
          .singleElement()
          .satisfies(found -> assertThat(found.version()).isEqualTo("2.5"));
    }
  }

  /** Libraries of gRPC are so, and a plugin with them was refused. */
  @ParameterizedTest
  @EnumSource
  void a_jar_without_module_info_may_provide_a_service_of_another_one(HostMode mode)
      throws IOException {
    Path library =
        workshop
            .jar()
            .source(
                "org.example.lib.Word",
                "package org.example.lib; public interface Word { String text(); }")
            .source(
                "org.example.lib.Words",
                "package org.example.lib; import java.util.*; public class Words {"
                    + " public static String first() {"
                    + " return load(Word.class).findFirst().orElseThrow().text()"
                    + " + load(Words.class).stream().count(); }"
                    + " private static <T> ServiceLoader<T> load(Class<T> type) {"
                    + " return ServiceLoader.load(type, Words.class.getClassLoader()); } }")
            .writeTo(workshop.plugin("ember").resolve("lib-1.jar"));
    workshop
        .jar()
        .using(library)
        .source(
            "org.example.words.Hi",
            "package org.example.words; public class Hi implements org.example.lib.Word {"
                + " public String text() { return \"hi\"; } }")
        .service("org.example.lib.Word", "org.example.words.Hi")
        .writeTo(workshop.plugin("ember").resolve("words-1.jar"));
    workshop
        .answering("ember", "1", "return org.example.lib.Words.first();")
        .automatic()
        .using(library)
        .writeTo(workshop.plugin("ember").resolve("ember-1.jar"));
    try (DrivenPlatform platform = DrivenPlatform.open(mode, workshop.plugins())) {
      assertThat(platform.refusals()).isEmpty();
      assertThat(platform.answer("ember")).isEqualTo("hi0");
    }
  }

  @ParameterizedTest
  @EnumSource
  void jars_without_module_info_may_provide_services_for_each_other(HostMode mode)
      throws IOException {
    for (String[] pair : new String[][] {{"one", "two"}, {"two", "one"}}) {
      workshop
          .jar()
          .source(
              "org.example.%s.Service".formatted(pair[0]),
              "package org.example.%s; public interface Service {}".formatted(pair[0]))
          .source(
              "org.example.%s.Own".formatted(pair[0]),
              "package org.example.%s; public class Own {}".formatted(pair[0]))
          .service(
              "org.example.%s.Service".formatted(pair[1]), "org.example.%s.Own".formatted(pair[0]))
          .writeTo(workshop.plugin("ember").resolve(pair[0] + "-1.jar"));
    }
    workshop.backend("ember", "1", "hi").writeTo(workshop.plugin("ember").resolve("ember-1.jar"));
    try (DrivenPlatform platform = DrivenPlatform.open(mode, workshop.plugins())) {
      assertThat(platform.refusals()).isEmpty();
      assertThat(platform.answer("ember")).isEqualTo("hi");
    }
  }

  @ParameterizedTest
  @EnumSource
  void a_multi_release_jar_gives_the_classes_of_this_release(HostMode mode) throws IOException {
    String type =
        "package org.example.ember; class Age { static String text() { return \"%s\"; } }";
    Path newer = workshop.jar().source("org.example.ember.Age", type.formatted("new")).compile();
    workshop
        .answering("ember", "1", "return Age.text();")
        .source("org.example.ember.Age", type.formatted("old"))
        .attribute("Multi-Release", "true")
        .entry(
            "META-INF/versions/21/org/example/ember/Age.class",
            Files.readAllBytes(newer.resolve("org/example/ember/Age.class")))
        .writeTo(workshop.plugin("ember").resolve("p.jar"));
    try (DrivenPlatform platform = DrivenPlatform.open(mode, workshop.plugins())) {
      assertThat(platform.answer("ember")).isEqualTo("new");
    }
  }

  @ParameterizedTest
  @EnumSource
  void native_libraries_of_one_name_are_each_plugins_own(HostMode mode) throws Exception {
    String code =
        """
        System.loadLibrary("answer");
        return "" + (int) java.lang.foreign.Linker.nativeLinker().downcallHandle(
            java.lang.foreign.SymbolLookup.loaderLookup().find("answer").orElseThrow(),
            java.lang.foreign.FunctionDescriptor.of(java.lang.foreign.ValueLayout.JAVA_INT))
            .invoke();
        """;
    String architecture = NativePlatform.CURRENT.architecture();
    workshop
        .answering("alder", "1", code)
        .entry("freebsd/" + architecture + "/libanswer.so", new byte[] {1})
        .entry("linux/s390x/libanswer.so", new byte[] {1})
        .entry("linux/" + architecture + "/libanswer.so", library(41))
        .writeTo(workshop.plugin("alder").resolve("p.jar"));
    Path ember = workshop.answering("ember", "1", code).writeTo(folder.resolve("e.jar"));
    Path real = Files.createDirectories(folder.resolve("real/native"));
    Files.write(real.resolve("libanswer.so"), library(42));
    Files.move(ember, real.resolveSibling("e.jar"));
    Files.createSymbolicLink(workshop.plugins().resolve("ember"), real.getParent());

    try (DrivenPlatform two = DrivenPlatform.open(mode, workshop.plugins())) {
      try (DrivenPlatform one = DrivenPlatform.open(mode, workshop.plugins())) {
        for (DrivenPlatform platform : List.of(one, two)) {
          assertThat(platform.answer("alder")).isEqualTo("41");
          assertThat(platform.answer("ember")).isEqualTo("42");
        }
      }
      assertThat(two.answer("alder")).isEqualTo("41");
    }
  }

  private byte[] library(int answer) throws IOException, InterruptedException {
    boolean gcc = Files.isExecutable(Path.of("/usr/bin/gcc"));
    RequiredTools.assumeOrFail("gcc", gcc, "a C compiler makes the library to load");
    Path source =
        Files.writeString(folder.resolve("a.c"), "int answer() { return " + answer + ";}");
    Path made = folder.resolve("made.so");
    Process process =
        new ProcessBuilder("gcc", "-shared", "-fPIC", "-o", made.toString(), source.toString())
            .inheritIO()
            .start();
    assertThat(process.waitFor()).isZero();
    return Files.readAllBytes(made);
  }

  @ParameterizedTest
  @EnumSource
  void many_threads_load_classes_at_once(HostMode mode) throws Exception {
    int count = 40;
    PluginWorkshop.Jar jar =
        workshop.answering(
            "ember",
            "1",
            "int sum = 0; for (int i = 0; i < %d; i++) { sum += Class.forName(\"org.example.ember.C\""
                    .formatted(count)
                + " + i).getDeclaredConstructor().newInstance().hashCode(); } return \"\" + sum;");
    for (int i = 0; i < count; i++) {
      jar.source(
          "org.example.ember.C" + i,
          "package org.example.ember; class C%d extends %s { C%d() {} public int hashCode() { return 1; } }"
              .formatted(i, i + 1 < count ? "C" + (i + 1) : "Object", i));
    }
    jar.writeTo(workshop.plugin("ember").resolve("p.jar"));
    int threads = 8;
    try (DrivenPlatform platform = DrivenPlatform.open(mode, workshop.plugins());
        ExecutorService executor = Executors.newFixedThreadPool(threads)) {
      CyclicBarrier start = new CyclicBarrier(threads);
      Callable<String> task =
          () -> {
            start.await();
            return platform.answer("ember");
          };
      List<Future<String>> answers =
          IntStream.range(0, threads).mapToObj(_ -> executor.submit(task)).toList();
      for (Future<String> answer : answers) {
        assertThat(answer.get()).isEqualTo("" + count);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void after_close_what_is_loaded_works_and_nothing_more_loads(HostMode mode) throws IOException {
    workshop
        .answering("ember", "1", "return \"\" + Later.class;")
        .source("org.example.ember.Later", "package org.example.ember; class Later {}")
        .writeTo(workshop.plugin("ember").resolve("p.jar"));
    DrivenPlatform platform = DrivenPlatform.open(mode, workshop.plugins());
    platform.close();
    platform.close();
    assertThat(platform.names()).containsExactly("ember");
    assertThat(platform.answer("ember")).contains("NoClassDefFoundError");
  }

  @ParameterizedTest
  @EnumSource
  void policies_of_a_plugin_are_known_and_the_built_in_ones_stay(HostMode mode) throws IOException {
    String service = "io.kvbm.api.policy.EvictionPolicyProvider";
    String source =
        """
        package org.example.policies;
        import io.kvbm.api.policy.*;
        public final class %s implements EvictionPolicyProvider {
          public String name() { return "%s"; }
          public String description() { return "a policy"; }
          public EvictionPolicy create(int capacity) { throw new UnsupportedOperationException(); }
        }
        """;
    Path jar =
        workshop
            .jar()
            .source("org.example.policies.Good", source.formatted("Good", "coldest"))
            .source("org.example.policies.Thief", source.formatted("Thief", "lru"))
            .source("org.example.policies.Odd", source.formatted("Odd", "My Policy"))
            .service(
                service,
                "org.example.policies.Good\norg.example.policies.Thief\norg.example.policies.Odd")
            .attribute("Kvbm-Spi", " " + PluginWorkshop.SPI + " ")
            .writeTo(workshop.plugin("policies").resolve("p.jar"));
    try (DrivenPlatform platform = DrivenPlatform.open(mode, workshop.plugins())) {
      assertThat(platform.policies()).contains("coldest", "fifo", "lru", "priority").isSorted();
      assertThat(DrivenPlatform.call(platform.policy("coldest"), "name")).isEqualTo("coldest");
      assertThat(platform.policy("lru").getClass().getName()).startsWith("io.kvbm.core.policy.");
      assertThat(platform.refusals())
          .containsExactly(
              "eviction policy 'My Policy' in %s is left out: its name is not of the form [a-z][a-z0-9-]{0,62}"
                  .formatted(jar),
              "eviction policy 'lru' in %s is left out: the platform's own of that name cannot be replaced"
                  .formatted(jar));
      assertThatThrownBy(() -> platform.policy("coldesd"))
          .hasMessageContaining("did you mean 'coldest'?");
    }
  }

  @ParameterizedTest
  @EnumSource
  void a_plugin_may_have_nothing_but_a_codec_and_a_hash_scheme(HostMode mode) throws IOException {
    workshop
        .jar()
        .source(
            "org.example.small.Fold",
            """
            package org.example.small;
            import java.lang.foreign.MemorySegment;
            public final class Fold implements io.kvbm.api.codec.Codec {
              public String name() { return "fold"; }
              public long maxEncodedByteSize(long byteSize) { return byteSize; }
              public long encode(MemorySegment source, MemorySegment target) { return 0; }
              public void decode(MemorySegment source, MemorySegment target) {}
            }
            """)
        .source(
            "org.example.small.Scheme",
            """
            package org.example.small;
            import io.kvbm.api.block.BlockKey;
            import io.kvbm.api.hash.*;
            public final class Scheme implements HashScheme {
              public String name() { return "small-1"; }
              public long saltHash(CacheSalt salt) { return 0; }
              public BlockKey first(long salt, TokenSpan block) { return new BlockKey(1, 1); }
              public BlockKey next(long salt, BlockKey parent, TokenSpan block) { return parent; }
            }
            """)
        .service("io.kvbm.api.codec.Codec", "org.example.small.Fold")
        .service("io.kvbm.api.hash.HashScheme", "org.example.small.Scheme")
        .attribute("Kvbm-Spi", PluginWorkshop.SPI)
        .writeTo(workshop.plugins().resolve("small.jar"));
    try (DrivenPlatform platform = DrivenPlatform.open(mode, workshop.plugins())) {
      assertThat(platform.refusals()).isEmpty();
      assertThat(platform.codecs()).contains("fold");
      assertThat(DrivenPlatform.call(platform.hashScheme("small-1"), "name")).isEqualTo("small-1");
      assertThatThrownBy(() -> platform.hashScheme("small-2")).hasMessageContaining("'small-1'");
    }
  }

  @ParameterizedTest
  @EnumSource
  void a_platform_that_cannot_be_made_closes_its_plugins(HostMode mode) throws IOException {
    Path open = Path.of("/proc/self/fd");
    RequiredTools.assumeOrFail("proc", Files.isDirectory(open), "/proc shows which files are open");
    Path jar =
        workshop.backend("ember", "1", "hi").writeTo(workshop.plugin("ember").resolve("p.jar"));
    ClassLoader broken =
        new ClassLoader(mode.loader()) {
          @Override
          public java.util.Enumeration<URL> getResources(String name) {
            if (name.endsWith("Codec")) {
              throw new IllegalStateException("no codecs today");
            }
            return java.util.Collections.emptyEnumeration();
          }
        };
    assertThatThrownBy(() -> DrivenPlatform.open(mode, broken, workshop.plugins()))
        .hasMessage("no codecs today");
    try (Stream<Path> files = Files.list(open)) {
      assertThat(
              files.anyMatch(
                  file -> {
                    try {
                      return Files.readSymbolicLink(file).equals(jar);
                    } catch (IOException e) {
                      return false; // Closed since it was listed.
                    }
                  }))
          .isFalse();
    }
  }
}
