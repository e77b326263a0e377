package io.kvbm.cli.backends;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.spi.Availability;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.spi.BackendContext;
import io.kvbm.api.spi.BackendProvider;
import io.kvbm.api.spi.ConfigKey;
import io.kvbm.api.spi.Spi;
import io.kvbm.api.spi.SpiVersion;
import io.kvbm.cli.Invocation;
import io.kvbm.cli.JsonText;
import io.kvbm.cli.spi.CommandProvider;
import io.kvbm.core.Platform;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;

class BackendsCommandTest {

  private static final BackendProvider MOON =
      new Listed("moon", 1, new Availability.Available("full tonight"));
  private static final BackendProvider SUN =
      new Listed("sun", 1, new Availability.Unavailable("it is night; wait"));
  private static final BackendProvider FUTURE =
      new Listed("future", 99, new Availability.Available(""));

  /** A provider that can be listed, not opened. */
  private record Listed(String name, int major, Availability availability)
      implements BackendProvider {

    @Override
    public SpiVersion builtFor() {
      return new SpiVersion(major, Spi.MINOR);
    }

    @Override
    public Set<String> storageKinds() {
      return Set.of("warm", "cold");
    }

    @Override
    public List<ConfigKey> configKeys() {
      return List.of();
    }

    @Override
    public Availability probe(BackendConfig config) {
      return availability;
    }

    @Override
    public Backend open(BackendContext context, BackendConfig config) {
      throw new AssertionError("listing opens nothing");
    }
  }

  private static Invocation list(List<BackendProvider> backends, String... args) {
    CommandProvider command =
        () -> new BackendsCommand(() -> Platform.builder().providers(backends).build());
    return Invocation.of(List.of(command), args);
  }

  @Test
  void people_get_a_table_with_the_reason_why_one_cannot_run() {
    Invocation ran = list(List.of(SUN, MOON), "backends");

    assertThat(ran.exitCode()).isZero();
    assertThat(ran.err()).isEmpty();
    assertThat(ran.out().lines().map(line -> line.replaceAll(" {2,}", "|")))
        .element(0)
        .isEqualTo("name|version|module|storage|here");
    assertThat(ran.out())
        .containsSubsequence("moon", "cold, warm", "available: full tonight")
        .containsSubsequence("sun", "cold, warm", "unavailable: it is night; wait");
  }

  @Test
  void the_document_lists_each_with_its_state() {
    Invocation ran = list(List.of(SUN, MOON), "backends", "--json");

    Map<String, Object> document = JsonText.object(ran.out());
    assertThat(document.keySet()).containsExactly("backends", "refused");
    assertThat((List<?>) document.get("backends"))
        .first()
        .asInstanceOf(InstanceOfAssertFactories.MAP)
        .containsEntry("name", "moon")
        .containsEntry("storageKinds", List.of("cold", "warm"))
        .containsEntry("available", true)
        .containsEntry("details", "full tonight")
        .containsKeys("version", "module");
    assertThat((List<?>) document.get("backends"))
        .last()
        .asInstanceOf(InstanceOfAssertFactories.MAP)
        .containsEntry("available", false)
        .containsEntry("reason", "it is night; wait");
  }

  @Test
  void a_refused_provider_is_told_on_standard_error_and_in_the_document() {
    Invocation ran = list(List.of(MOON, FUTURE), "backends", "--json");

    assertThat(ran.exitCode()).isZero();
    assertThat(ran.err().lines())
        .singleElement()
        .asString()
        .startsWith("kvbm: ")
        .contains("future");
    assertThat((List<?>) JsonText.object(ran.out()).get("backends")).hasSize(1);
    assertThat((List<?>) JsonText.object(ran.out()).get("refused"))
        .singleElement()
        .asString()
        .contains("future");
  }

  @Test
  void without_backends_there_is_a_hint_and_an_empty_list() {
    assertThat(list(List.of(), "backends").err()).contains("no backends are installed");
    assertThat(list(List.of(), "backends", "--json").out())
        .isEqualToIgnoringNewLines("{\"backends\":[],\"refused\":[]}");
  }

  @Test
  void the_installed_ones_are_found() {
    Invocation ran = Invocation.of("backends", "--json");

    assertThat(ran.exitCode()).isZero();
    assertThat((List<?>) JsonText.object(ran.out()).get("backends")).isNotNull();
  }
}
