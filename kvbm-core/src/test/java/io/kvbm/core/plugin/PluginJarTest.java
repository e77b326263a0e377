package io.kvbm.core.plugin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PluginJarTest {

  @TempDir Path folder;

  private PluginJar read(PluginWorkshop.Jar jar) throws IOException, RefusedPluginException {
    return PluginJar.read(jar.writeTo(folder.resolve("x.jar")));
  }

  @Test
  void services_are_found_in_the_descriptor_and_in_the_list() throws Exception {
    PluginWorkshop workshop = new PluginWorkshop(folder);
    assertThat(
            read(workshop.backend("x", "1", "").withoutService(PluginWorkshop.BACKENDS))
                .providesServices())
        .isTrue();
    assertThat(read(workshop.backend("x", "1", "").automatic()).providesServices()).isTrue();
    assertThat(read(workshop.jar().service("java.sql.Driver", "x.Y")).providesServices()).isFalse();
  }

  @Test
  void a_copy_of_the_api_is_told_from_a_plugin_that_contains_one() throws Exception {
    PluginWorkshop workshop = new PluginWorkshop(folder);
    PluginWorkshop.Jar jar = workshop.jar().entry("io/kvbm/api/spi/Spi.class", new byte[0]);
    assertThat(read(jar).isApiOnly()).isTrue();
    assertThat(read(jar.service(PluginWorkshop.BACKENDS, "x.Y")).isApiOnly()).isFalse();
  }

  @Test
  void space_around_the_version_is_nothing_and_numbers_have_an_end() throws Exception {
    new PluginJar(folder, "  " + PluginWorkshop.SPI + " ", true, false).checkSpi();
    new PluginJar(folder, null, false, false).checkSpi();
    assertThatThrownBy(() -> new PluginJar(folder, "1.99999999999", true, false).checkSpi())
        .isInstanceOf(RefusedPluginException.class);
  }
}
