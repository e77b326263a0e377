package io.kvbm.backend.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.backend.disk.io.EngineSettings;
import io.kvbm.backend.disk.io.EngineType;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DiskSettingsTest {

  private static final Map<String, String> ENVIRONMENT =
      Map.of(
          "DYN_KVBM_DISK_CACHE_DIR", "/from/environment",
          "DYN_KVBM_DISK_DISABLE_O_DIRECT", "true",
          "DYN_KVBM_DISK_ZEROFILL_FALLBACK", "0",
          "DYN_KVBM_DISK_ALLOCATOR_TYPE", "open-direct");

  @Test
  void defaultsHoldWhereNothingIsSet() {
    assertThat(DiskSettings.of(BackendConfig.empty(), name -> null))
        .isEqualTo(
            new DiskSettings(
                Path.of("/tmp"),
                DirectAccess.AUTO,
                AllocatorType.DEFAULT,
                true,
                false,
                4,
                EngineSettings.defaults()));
  }

  @Test
  void theEnvironmentWinsOverDefaults() {
    assertThat(DiskSettings.of(BackendConfig.empty(), ENVIRONMENT::get))
        .isEqualTo(
            new DiskSettings(
                Path.of("/from/environment"),
                DirectAccess.OFF,
                AllocatorType.OPEN_DIRECT,
                false,
                false,
                4,
                new EngineSettings(EngineType.BUFFERED, 32, 1, 1)));
  }

  @Test
  void theConfigurationWinsOverTheEnvironment() {
    BackendConfig config =
        BackendConfig.of(
            Map.of(
                "engine", "io_uring",
                "readWeight", "3",
                "writeWeight", "2",
                "dir", "/configured",
                "direct", "true",
                "zeroFillFallback", "true",
                "allocatorType", "default",
                "unlink", "now",
                "ioDepth", "9"));
    config.validate("disk", DiskSettings.KEYS);
    assertThat(DiskSettings.of(config, ENVIRONMENT::get))
        .isEqualTo(
            new DiskSettings(
                Path.of("/configured"),
                DirectAccess.REQUIRED,
                AllocatorType.DEFAULT,
                true,
                true,
                9,
                new EngineSettings(EngineType.IO_URING, 9, 3, 2)));
  }

  @Test
  void aDirectoryThatIsNoneIsRefusedByName() {
    for (String text : new String[] {"", " ", "a\0b"}) {
      assertThatThrownBy(() -> DiskSettings.of(BackendConfig.of("dir", text), name -> null))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContaining("'dir'");
    }
    assertThatThrownBy(() -> DiskSettings.of(BackendConfig.empty(), name -> "a\0b"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("DYN_KVBM_DISK_CACHE_DIR");
  }

  @ParameterizedTest
  @CsvSource({"true,OFF", "1,OFF", "TRUE,OFF", "0,AUTO", "false,AUTO", "yes,AUTO", "'',AUTO"})
  void onlyTrueAndOneTurnSomethingOn(String text, DirectAccess expected) {
    DiskSettings settings =
        DiskSettings.of(
            BackendConfig.empty(),
            name -> name.equals("DYN_KVBM_DISK_DISABLE_O_DIRECT") ? text : null);
    assertThat(settings.direct()).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({
    "direct,maybe,'auto, true or false'",
    "allocatorType,mmap,default or open-direct",
    "unlink,never,now or close",
    "ioDepth,0,1 to 256",
    "readWeight,0,1 to 100",
    "writeWeight,101,1 to 100",
    "engine,aio,'auto, io_uring, direct or buffered'",
    "ioDepth,257,1 to 256",
    "zeroFillFallback,1,true or false"
  })
  void aValueThatDoesNotFitIsNamedWithThoseThatDo(String key, String text, String expected) {
    assertThatThrownBy(() -> DiskSettings.of(BackendConfig.of(key, text), name -> null))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining(key)
        .hasMessageContaining(text)
        .hasMessageContaining(expected);
  }

  /** Whoever reads the variables through the keys gets what this backend reads by itself. */
  @ParameterizedTest
  @CsvSource({"true,false,true", "0,auto,false", "1,false,true"})
  void aliasesOfTheKeysMeanWhatTheVariablesMean(String text, String direct, String zeroFill) {
    Map<String, String> expected =
        Map.of(
            "DYN_KVBM_DISK_CACHE_DIR", text,
            "DYN_KVBM_DISK_DISABLE_O_DIRECT", direct,
            "DYN_KVBM_DISK_ZEROFILL_FALLBACK", zeroFill,
            "DYN_KVBM_DISK_ALLOCATOR_TYPE", "default");
    Map<String, String> read = new HashMap<>();
    DiskSettings.KEYS.stream()
        .flatMap(key -> key.aliases().stream())
        .forEach(alias -> read.put(alias.variable(), alias.toSetting().apply(text).orElseThrow()));
    assertThat(read).isEqualTo(expected);
    assertThat(DiskSettings.KEYS.get(1).aliases().getFirst().toSetting().apply(" ")).isEmpty();
  }
}
