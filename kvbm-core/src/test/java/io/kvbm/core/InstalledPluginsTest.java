package io.kvbm.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.ServiceConfigurationError;
import org.junit.jupiter.api.Test;

class InstalledPluginsTest {

  @Test
  void aNameThatComesTwiceIsRefusedNamingBothPlaces() {
    InstalledPlugins.Search<Object> search =
        new InstalledPlugins.Search<>("codec", Object::toString, List.of());
    search.add(() -> "lz4");
    search.add(() -> new StringBuilder("zstd"));
    search.add(() -> new StringBuilder("lz4"));
    InstalledPlugins<Object> found = search.result();

    assertThat(found.plugins()).extracting(Object::toString).containsExactly("zstd");
    assertThat(found.refusals())
        .singleElement()
        .asString()
        .contains("codec lz4 is installed 2 times and none is used")
        .contains(InstalledBackend.locationOf(String.class) + " and ");
  }

  @Test
  void aPluginThatDoesNotLoadIsOneLine() {
    InstalledPlugins.Search<String> search =
        new InstalledPlugins.Search<>("codec", name -> name, List.of());
    search.add(
        () -> {
          throw new ServiceConfigurationError("not a codec");
        });
    search.add(() -> "lz4");
    InstalledPlugins<String> found = search.result();

    assertThat(found.plugins()).containsExactly("lz4");
    assertThat(found.refusals()).containsExactly("a codec is left out: not a codec");
  }

  @Test
  void whatThePlatformHasCannotBeTakenAwayByAPluginFolder() {
    InstalledPlugins.Search<Object> platforms =
        new InstalledPlugins.Search<>("codec", Object::toString, List.of());
    platforms.add(() -> "zstd");
    InstalledPlugins<Object> ofPlatform = platforms.result();
    InstalledPlugins.Search<Object> folders =
        ofPlatform.furtherSearch("codec", Object::toString, List.of());
    folders.add(() -> new StringBuilder("zstd"));
    folders.add(() -> new StringBuilder("brotli"));

    InstalledPlugins<Object> all = ofPlatform.and(folders.result(), Object::toString);

    assertThat(all.plugins()).extracting(Object::toString).containsExactly("brotli", "zstd");
    assertThat(all.plugins().getLast()).isEqualTo("zstd");
    assertThat(all.refusals())
        .singleElement()
        .asString()
        .contains("codec 'zstd' in ", "the platform's own of that name cannot be replaced");
  }
}
