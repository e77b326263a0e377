package io.kvbm.core;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.spi.Availability;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.spi.BackendContext;
import io.kvbm.api.spi.BackendProvider;
import io.kvbm.api.spi.ConfigKey;
import io.kvbm.api.spi.Finding;
import io.kvbm.api.spi.Finding.Scope;
import io.kvbm.api.spi.Finding.Status;
import io.kvbm.api.spi.Spi;
import io.kvbm.api.spi.SpiVersion;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class PlatformDiagnosisTest {

  private static final ConfigKey DIR = new ConfigKey("dir", ConfigKey.Type.PATH, "", "where");
  private static final ConfigKey LABEL = new ConfigKey("dir", ConfigKey.Type.STRING, "", "label");
  private static final Path PLACE = Path.of("/mnt/kv");

  /** A provider that says which directory it was asked for, in both scopes. */
  private record Asked(
      String name, List<ConfigKey> configKeys, Function<BackendConfig, List<Finding>> answer)
      implements BackendProvider {

    static Asked of(String name, ConfigKey... keys) {
      return new Asked(
          name,
          List.of(keys),
          config -> {
            String seen = config.string("dir").orElse("none");
            return List.of(
                Finding.ok(Scope.MACHINE, name + "-machine", seen),
                Finding.ok(Scope.DIRECTORY, name + "-place", seen));
          });
    }

    @Override
    public SpiVersion builtFor() {
      return new SpiVersion(Spi.MAJOR, Spi.MINOR);
    }

    @Override
    public Set<String> storageKinds() {
      return Set.of();
    }

    @Override
    public Availability probe(BackendConfig config) {
      return new Availability.Unavailable("a check needs no backend that can run");
    }

    @Override
    public List<Finding> diagnose(BackendConfig config) {
      return answer.apply(config);
    }

    @Override
    public Backend open(BackendContext context, BackendConfig config) {
      throw new AssertionError("a check opens nothing");
    }
  }

  private static Platform.Builder with(BackendProvider... providers) {
    return Platform.builder().providers(List.of(providers));
  }

  @Test
  void everyBackendIsAskedByNameAndNoneIsOpened() {
    try (Platform platform =
        with(Asked.of("zeta"), NamedProvider.of("mute"), Asked.of("alpha")).build()) {
      assertThat(platform.diagnose(Optional.empty()))
          .extracting(Finding::name)
          .containsExactly("alpha-machine", "zeta-machine");
    }
  }

  @Test
  void aDirectoryGoesToBackendsThatTakeOne() {
    try (Platform platform =
        with(Asked.of("files", DIR), Asked.of("label", LABEL), Asked.of("plain")).build()) {
      assertThat(platform.diagnose(Optional.of(PLACE)))
          .extracting(finding -> finding.name() + " " + finding.found())
          .containsExactly(
              "files-machine /mnt/kv",
              "files-place /mnt/kv",
              "label-machine none",
              "label-place none",
              "plain-machine none",
              "plain-place none");
    }
  }

  @Test
  void withoutADirectoryTheConfiguredOneIsTried() {
    try (Platform platform =
        with(Asked.of("files", DIR)).config("files", BackendConfig.of("dir", "/set")).build()) {
      assertThat(platform.diagnose(Optional.empty()))
          .containsExactly(Finding.ok(Scope.MACHINE, "files-machine", "/set"));
    }
  }

  @Test
  void aBackendThatFailsIsAFinding() {
    Asked throwing =
        new Asked(
            "a-name-of-exactly-sixty-three-characters-as-long-as-one-may-be-x",
            List.of(),
            _ -> {
              throw new IllegalStateException("first line\nsecond");
            });
    Asked nothing = new Asked("nothing", List.of(), _ -> null);
    try (Platform platform =
        with(
                new Asked(throwing.name().substring(0, 63), List.of(), throwing.answer()),
                nothing,
                Asked.of("set", DIR))
            .config("set", BackendConfig.of("unknown", "1"))
            .build()) {
      List<Finding> findings = platform.diagnose(Optional.empty());
      assertThat(findings).extracting(Finding::status).containsOnly(Status.MISSING);
      assertThat(findings)
          .extracting(Finding::name)
          .containsExactly(
              "backend-a-name-of-exactly-sixty-three-characters-as-long-as-one",
              "backend-nothing",
              "backend-set");
      assertThat(findings.getFirst().found()).isEqualTo("its checks failed: first line");
      assertThat(findings.getLast().found()).contains("'unknown'", "'dir'");
    }
  }
}
