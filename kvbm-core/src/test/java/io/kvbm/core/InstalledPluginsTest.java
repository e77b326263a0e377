package io.kvbm.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Iterator;
import java.util.List;
import java.util.ServiceConfigurationError;
import org.junit.jupiter.api.Test;

class InstalledPluginsTest {

  @Test
  void aNameThatComesTwiceIsRefusedNamingBothPlaces() {
    InstalledPlugins<Object> found =
        InstalledPlugins.find(
            List.<Object>of("lz4", new StringBuilder("zstd"), new StringBuilder("lz4")).iterator(),
            "codec",
            Object::toString);

    assertThat(found.plugins()).extracting(Object::toString).containsExactly("zstd");
    assertThat(found.refusals())
        .singleElement()
        .asString()
        .contains("codec lz4 is installed 2 times and none is used")
        .contains(InstalledBackend.locationOf(String.class) + " and ");
  }

  @Test
  void aPluginThatDoesNotLoadIsOneLine() {
    Iterator<String> broken =
        new Iterator<>() {
          private int left = 2;

          @Override
          public boolean hasNext() {
            return left > 0;
          }

          @Override
          public String next() {
            if (left-- == 2) {
              throw new ServiceConfigurationError("not a codec");
            }
            return "lz4";
          }
        };

    InstalledPlugins<String> found = InstalledPlugins.find(broken, "codec", name -> name);

    assertThat(found.plugins()).containsExactly("lz4");
    assertThat(found.refusals()).containsExactly("a codec is left out: not a codec");
  }
}
