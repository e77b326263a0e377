package io.kvbm.core.plugin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PluginFoldersTest {

  @TempDir Path folder;
  private PluginWorkshop workshop;

  @BeforeEach
  void set_up() {
    workshop = new PluginWorkshop(folder);
  }

  @ParameterizedTest
  @EnumSource
  void a_folder_and_a_single_jar_are_plugins(HostMode mode) throws IOException {
    Path first =
        workshop.backend("ember", "1.2", "hi").writeTo(workshop.plugin("one").resolve("e.jar"));
    Path second =
        workshop.backend("alder", "3", "ho").writeTo(workshop.plugins().resolve("alder.jar"));
    Files.writeString(workshop.plugins().resolve("README.txt"), "not a plugin");
    Files.createDirectory(workshop.plugins().resolve(".hidden"));
    Files.writeString(workshop.plugins().resolve(".hidden.jar"), "no jar");
    Files.writeString(workshop.plugin("one").resolve(".e.jar"), "no jar");
    Files.writeString(workshop.plugin("one").resolve("notes.txt"), "no jar");

    try (DrivenPlatform platform = DrivenPlatform.open(mode, workshop.plugins())) {
      boolean modules = mode == HostMode.MODULES;
      assertThat(platform.backends())
          .containsExactly(
              new DrivenPlatform.Listing(
                  "alder",
                  "3",
                  modules ? "org.example.alder" : "class path",
                  second.toString(),
                  "ho"),
              new DrivenPlatform.Listing(
                  "ember",
                  "1.2",
                  modules ? "org.example.ember" : "class path",
                  first.toString(),
                  "hi"));
      assertThat(platform.refusals()).isEmpty();
      platform.openBackend("ember");
    }
  }

  @ParameterizedTest
  @EnumSource
  void plugins_come_in_the_order_of_their_names(HostMode mode) throws IOException {
    for (String name : new String[] {"c", "a", "b"}) {
      workshop.plugin(name);
    }
    try (DrivenPlatform platform = DrivenPlatform.open(mode, workshop.plugins())) {
      assertThat(platform.refusals())
          .extracting(line -> line.replaceAll(".*/plugins/(.) .*", "$1"))
          .containsExactly("a", "b", "c");
    }
  }

  @ParameterizedTest
  @EnumSource
  void paths_may_have_spaces_and_signs_that_urls_escape(HostMode mode) throws IOException {
    Path jar =
        workshop
            .backend("ember", "1", "hi")
            .text("org/example/data.txt", "own")
            .writeTo(workshop.plugin("my plugin 100% #1 a+b%20").resolve("e m+ber.jar"));

    try (DrivenPlatform platform = DrivenPlatform.open(mode, workshop.plugins())) {
      assertThat(platform.backends())
          .singleElement()
          .satisfies(
              found -> {
                assertThat(found.location()).isEqualTo(jar.toString());
                assertThat(found.answer()).isEqualTo("hi");
              });
    }
  }

  @ParameterizedTest
  @EnumSource
  void a_plugin_may_be_a_link(HostMode mode) throws IOException {
    Path real = Files.createDirectory(folder.resolve("real"));
    workshop.backend("ember", "1", "hi").writeTo(real.resolve("e.jar"));
    Path lone = workshop.backend("alder", "1", "ho").writeTo(folder.resolve("lone"));
    Files.createSymbolicLink(workshop.plugins().resolve("ember"), real);
    Files.createSymbolicLink(workshop.plugins().resolve("alder.jar"), lone);
    Files.createSymbolicLink(workshop.plugins().resolve("gone.jar"), folder.resolve("nowhere"));

    try (DrivenPlatform platform = DrivenPlatform.open(mode, workshop.plugins())) {
      assertThat(platform.names()).containsExactly("alder", "ember");
      assertThat(platform.refusals()).singleElement().asString().contains("gone.jar");
    }
  }

  @ParameterizedTest
  @EnumSource
  void a_directory_that_is_none_is_one_line(HostMode mode) throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "");
    assertThatThrownBy(() -> DrivenPlatform.open(mode, folder.resolve("nowhere")))
        .hasMessageContaining("nowhere does not exist; name one that has a folder for each plugin");
    assertThatThrownBy(() -> DrivenPlatform.open(mode, file))
        .hasMessageContaining("file is no directory; name one");
  }
}
