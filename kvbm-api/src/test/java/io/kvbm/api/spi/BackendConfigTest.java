package io.kvbm.api.spi;

import static io.kvbm.api.Refusals.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNoException;

import io.kvbm.api.ErrorCode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BackendConfigTest {

  private static final List<ConfigKey> KNOWN =
      List.of(
          new ConfigKey("directory", ConfigKey.Type.PATH, "", "where files go"),
          new ConfigKey("capacity", ConfigKey.Type.BYTE_SIZE, "1GiB", "how much"),
          new ConfigKey("direct", ConfigKey.Type.BOOLEAN, "true", "bypass the page cache"),
          new ConfigKey("queueDepth", ConfigKey.Type.INTEGER, "64", "requests in flight"),
          new ConfigKey("flushEvery", ConfigKey.Type.DURATION, "50ms", "how often"),
          new ConfigKey("label", ConfigKey.Type.STRING, "", "any text"));

  private static BackendConfig config(String value) {
    return BackendConfig.of("k", value);
  }

  @Test
  void gettersReadTheirTypes() {
    assertThat(config("text").string("k")).contains("text");
    assertThat(config(" -5 ").integer("k")).contains(-5L);
    assertThat(config("true").bool("k")).contains(true);
    assertThat(config(" false ").bool("k")).contains(false);
    assertThat(config("64KiB").byteSize("k")).contains(65536L);
    assertThat(config("a/b").path("k")).contains(Path.of("a", "b"));
  }

  @ParameterizedTest
  @CsvSource({
    "5ns, PT0.000000005S",
    "7us, PT0.000007S",
    "50ms, PT0.05S",
    "2s, PT2S",
    "' 2 s ', PT2S",
    "3m, PT3M",
    "4h, PT4H",
    "999999999999999h, PT999999999999999H"
  })
  void durationsHaveUnits(String text, Duration expected) {
    assertThat(config(text).duration("k")).contains(expected);
  }

  @Test
  void missingSettingIsEmpty() {
    BackendConfig empty = BackendConfig.empty();
    assertThat(empty.string("k")).isEmpty();
    assertThat(empty.integer("k")).isEmpty();
    assertThat(empty.bool("k")).isEmpty();
    assertThat(empty.byteSize("k")).isEmpty();
    assertThat(empty.path("k")).isEmpty();
    assertThat(empty.duration("k")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"yes", "1", "", "TRUE", "9999999999999999999x"})
  void textsThatDoNotFitNameKeyAndValue(String text) {
    assertRefused(ErrorCode.INVALID_CONFIG, () -> config(text).bool("k"))
        .hasMessageContainingAll("'k'", "'" + text + "'");
    if (!text.equals("1")) {
      assertRefused(ErrorCode.INVALID_CONFIG, () -> config(text).integer("k"))
          .hasMessageContainingAll("'k'", "'" + text + "'");
      assertRefused(ErrorCode.INVALID_CONFIG, () -> config(text).byteSize("k"))
          .hasMessageContainingAll("'k'", "'" + text + "'");
    }
    assertRefused(ErrorCode.INVALID_CONFIG, () -> config(text).duration("k"))
        .hasMessageContainingAll("'k'", "'" + text + "'");
  }

  @Test
  void pathTheFileSystemCannotNameIsRefused() {
    assertRefused(ErrorCode.INVALID_CONFIG, () -> config("a\0b").path("k"))
        .hasMessageContaining("'k'");
  }

  @Test
  void validSettingsPass() {
    BackendConfig config =
        BackendConfig.of(
            Map.of(
                "directory", "/x",
                "capacity", "2GiB",
                "direct", "false",
                "queueDepth", "32",
                "flushEvery", "1s",
                "label", ""));
    assertThatNoException().isThrownBy(() -> config.validate("disk", KNOWN));
    assertThatNoException().isThrownBy(() -> BackendConfig.empty().validate("disk", List.of()));
  }

  @ParameterizedTest
  @CsvSource({
    "capcity, capacity",
    "Direct, direct",
    "queue_depth, queueDepth",
    "directry, directory"
  })
  void unknownKeyNamesTheNearest(String key, String nearest) {
    assertRefused(
            ErrorCode.INVALID_CONFIG, () -> BackendConfig.of(key, "1").validate("disk", KNOWN))
        .hasMessageContainingAll("'disk'", "'" + key + "'", "'" + nearest + "'");
  }

  @Test
  void unknownKeyOfABackendWithoutSettings() {
    assertRefused(
            ErrorCode.INVALID_CONFIG,
            () -> BackendConfig.of("x", "1").validate("system", List.of()))
        .hasMessageContainingAll("'x'", "no settings");
  }

  @ParameterizedTest
  @CsvSource({"capacity, lots", "direct, maybe", "queueDepth, 1.5", "flushEvery, 50"})
  void validateReadsEveryText(String key, String text) {
    assertRefused(
            ErrorCode.INVALID_CONFIG, () -> BackendConfig.of(key, text).validate("disk", KNOWN))
        .hasMessageContainingAll("'" + key + "'", "'" + text + "'");
  }

  @Test
  void isImmutableAndComparesByValue() {
    Map<String, String> map = new HashMap<>(Map.of("b", "2", "a", "1"));
    BackendConfig config = BackendConfig.of(map);
    map.put("a", "9");
    assertThat(config.values()).containsExactly(Map.entry("a", "1"), Map.entry("b", "2"));
    assertThat(config.with("a", "3")).isNotEqualTo(config);
    assertThat(config.with("a", "3").with("a", "1")).isEqualTo(config).hasSameHashCodeAs(config);
  }

  @Test
  void textsAreNotShownSinceSomeAreSecrets() {
    assertThat(BackendConfig.of(Map.of("token", "a-secret", "bind", "127.0.0.1")))
        .hasToString("BackendConfig[bind, token]");
  }
}
