package io.kvbm.core.plugin;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Beside each plugin that is refused stands one that works: one line, and the rest goes on. */
class PluginRefusalsTest {

  private static final String PROPERTY = "kvbm.test.initialized";

  @TempDir Path folder;
  private PluginWorkshop workshop;

  @BeforeEach
  void set_up() throws IOException {
    workshop = new PluginWorkshop(folder);
    workshop.backend("sound", "1", "fine").writeTo(workshop.plugin("sound").resolve("s.jar"));
  }

  private String refusal(HostMode mode) {
    try (DrivenPlatform platform = DrivenPlatform.open(mode, workshop.plugins())) {
      assertThat(platform.names()).containsExactly("sound");
      List<String> refusals = platform.refusals();
      assertThat(refusals).hasSize(1);
      assertThat(refusals.getFirst()).doesNotContain("\n");
      return refusals.getFirst();
    }
  }

  private PluginWorkshop.Jar bad() {
    return workshop.backend("bad", "1", "never");
  }

  private Path badJar() {
    return workshop.plugin("bad").resolve("bad.jar");
  }

  @ParameterizedTest
  @EnumSource
  void one_name_and_version_twice(HostMode mode) throws IOException {
    Path one = bad().writeTo(badJar());
    Path two = bad().writeTo(workshop.plugins().resolve("again.jar"));
    assertThat(refusal(mode))
        .startsWith("backend bad@1 is installed 2 times and none is used, remove all but one: ")
        .contains(one.toString(), two.toString());
  }

  @ParameterizedTest
  @EnumSource
  void another_spi_before_a_class_is_loaded(HostMode mode) throws IOException {
    String members = "static { System.setProperty(\"" + PROPERTY + "\", \"yes\"); }";
    bad()
        .source(
            "org.example.bad.Provider",
            PluginWorkshop.provider(
                "org.example.bad", "bad", "SpiVersion(99, 0)", members, "return null;"))
        .attribute("Kvbm-Spi", "99.0")
        .writeTo(badJar());
    System.clearProperty(PROPERTY);
    assertThat(refusal(mode))
        .isEqualTo(
            badJar()
                + " was built for SPI 99.0 and this platform has "
                + PluginWorkshop.SPI
                + "; install a newer kvbm or an older version of the plugin");
    assertThat(System.getProperty(PROPERTY)).isNull();
  }

  @ParameterizedTest
  @EnumSource
  void a_manifest_that_is_silent_or_odd(HostMode mode) throws IOException {
    bad().withoutAttribute("Kvbm-Spi").writeTo(badJar());
    assertThat(refusal(mode))
        .isEqualTo(
            badJar()
                + " does not say which SPI it was built for: its manifest needs 'Kvbm-Spi: "
                + PluginWorkshop.SPI
                + "'");
    bad().attribute("Kvbm-Spi", "one").writeTo(badJar());
    assertThat(refusal(mode)).contains("'Kvbm-Spi: one' in its manifest, which is no version");
    bad().attribute("Kvbm-Spi", "1.999").writeTo(badJar());
    assertThat(refusal(mode)).contains("was built for SPI 1.999", "install a newer kvbm");
    bad().attribute("Kvbm-Spi", "0.1").writeTo(badJar());
    assertThat(refusal(mode)).endsWith("install a newer version of the plugin");
  }

  @ParameterizedTest
  @EnumSource
  void a_provider_that_contradicts_its_manifest(HostMode mode) throws IOException {
    bad()
        .source(
            "org.example.bad.Provider",
            PluginWorkshop.provider(
                "org.example.bad", "bad", "SpiVersion(7, 1)", "", "return null;"))
        .writeTo(badJar());
    assertThat(refusal(mode)).contains("backend 'bad' in " + badJar(), "was built for SPI 7.1");
  }

  @ParameterizedTest
  @EnumSource
  void a_library_that_is_missing(HostMode mode) throws IOException {
    Path library =
        workshop
            .jar()
            .source("org.example.lib.Library", "package org.example.lib; public class Library {}")
            .module("module org.example.lib { exports org.example.lib; }")
            .writeTo(folder.resolve("lib.jar"));
    String base = "org.example.bad";
    bad()
        .using(library)
        .source(
            base + ".Provider",
            PluginWorkshop.provider(
                base,
                "bad",
                "SpiVersion(Spi.MAJOR, Spi.MINOR)",
                "final Object library = new org.example.lib.Library();",
                "return null;"))
        .module(
            "module org.example.bad { requires io.kvbm.api; requires org.example.lib; provides "
                + "io.kvbm.api.spi.BackendProvider with org.example.bad.Provider; }")
        .writeTo(badJar());
    if (mode == HostMode.MODULES) {
      assertThat(refusal(mode))
          .isEqualTo(
              "plugin bad lacks module org.example.lib, which its module org.example.bad requires;"
                  + " put its jar into the folder");
    } else {
      assertThat(refusal(mode))
          .contains("class org.example.lib.Library is missing; add the jar that has it");
    }
  }

  @ParameterizedTest
  @EnumSource(names = "MODULES")
  void a_module_of_the_jdk_that_is_missing(HostMode mode) throws IOException {
    bad()
        .module(
            "module org.example.bad { requires io.kvbm.api; requires jdk.incubator.vector; provides"
                + " io.kvbm.api.spi.BackendProvider with org.example.bad.Provider; }")
        .writeTo(badJar());
    assertThat(refusal(mode)).endsWith("add --add-modules jdk.incubator.vector");
  }

  @ParameterizedTest
  @EnumSource
  void jars_that_are_damaged(HostMode mode) throws IOException {
    Path jar = bad().writeTo(badJar());
    byte[] whole = Files.readAllBytes(jar);
    Files.write(jar, Arrays.copyOf(whole, whole.length / 2));
    assertThat(refusal(mode)).startsWith(jar + " cannot be read: ").endsWith("; copy it again");
    Files.write(jar, new byte[0]);
    assertThat(refusal(mode)).startsWith(jar + " cannot be read: ");
    Files.delete(jar);
    Files.createDirectory(jar);
    assertThat(refusal(mode)).isEqualTo(jar + " is no file; put the jar itself there");
    Files.delete(jar);
    Files.createSymbolicLink(jar, jar.resolveSibling("gone"));
    assertThat(refusal(mode)).isEqualTo(jar + " is no file; put the jar itself there");
    Files.delete(jar);
    bad()
        .automatic()
        .withoutService(PluginWorkshop.BACKENDS)
        .entry("module-info.class", new byte[] {1, 2, 3})
        .writeTo(jar);
    assertThat(refusal(mode)).startsWith(jar + " cannot be read: ");
  }

  @ParameterizedTest
  @EnumSource
  void folders_with_nothing_for_kvbm(HostMode mode) throws IOException {
    workshop.plugin("bad");
    assertThat(refusal(mode))
        .isEqualTo(
            "the plugin folder %s has no jar in it; put the plugin's jars there or remove it"
                .formatted(workshop.plugin("bad")));
    workshop.jar().text("data.txt", "").writeTo(badJar());
    assertThat(refusal(mode))
        .contains("provides nothing: no jar of it declares a service of io.kvbm.api");
  }

  @ParameterizedTest
  @EnumSource
  void a_constructor_that_throws(HostMode mode) throws IOException {
    String base = "org.example.bad";
    for (String thrown : List.of("IllegalStateException", "AssertionError")) {
      bad()
          .source(
              base + ".Provider",
              PluginWorkshop.provider(
                  base,
                  "bad",
                  "SpiVersion(Spi.MAJOR, Spi.MINOR)",
                  "public Provider() { throw new " + thrown + "(\"no luck\"); }",
                  "return null;"))
          .writeTo(badJar());
      assertThat(refusal(mode)).contains(badJar() + " cannot be created: ", "no luck");
    }
  }

  @ParameterizedTest
  @EnumSource
  void a_provider_that_is_not_in_the_jar(HostMode mode) throws IOException {
    bad().leavingOut("org.example.bad.Provider").writeTo(badJar());
    assertThat(refusal(mode))
        .contains("plugin bad in " + workshop.plugin("bad"), "org.example.bad");
    bad().automatic().service(PluginWorkshop.BACKENDS, "org.example.bad.Absent").writeTo(badJar());
    assertThat(refusal(mode)).contains("org.example.bad.Absent not found");
    bad().automatic().service(PluginWorkshop.BACKENDS, "%& no class\n").writeTo(badJar());
    assertThat(refusal(mode)).contains("plugin bad in " + workshop.plugin("bad"));
  }

  @ParameterizedTest
  @EnumSource(names = "MODULES")
  void modules_that_do_not_fit_together(HostMode mode) throws IOException {
    bad().writeTo(badJar());
    Path twin = bad().writeTo(workshop.plugin("bad").resolve("twin.jar"));
    assertThat(refusal(mode))
        .isEqualTo("plugin bad has module org.example.bad twice, remove one: bad.jar and twin.jar");
    Files.delete(twin);

    Path split =
        workshop
            .jar()
            .source("org.example.bad.More", "package org.example.bad; public class More {}")
            .module("module org.example.more {}")
            .writeTo(workshop.plugin("bad").resolve("more.jar"));
    assertThat(refusal(mode))
        .isEqualTo(
            "plugin bad has package org.example.bad in two modules, remove one: org.example.bad and"
                + " org.example.more");
    Files.delete(split);

    workshop.jar().text("a.txt", "").writeTo(workshop.plugin("bad").resolve("1.2.jar"));
    assertThat(refusal(mode)).contains("its modules do not fit together", "1.2.jar");
  }

  @ParameterizedTest
  @EnumSource(names = "CLASS_PATH")
  void what_is_no_module_works_on_a_class_path(HostMode mode) throws IOException {
    bad().automatic().writeTo(workshop.plugin("bad").resolve("1.2.jar"));
    try (DrivenPlatform platform = DrivenPlatform.open(mode, workshop.plugins())) {
      assertThat(platform.names()).containsExactly("bad", "sound");
    }
  }
}
