package io.kvbm.api.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.ConfigurationException;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigKeyTest {

  private static ConfigKey of(ConfigKey.Type type) {
    return new ConfigKey("key", type, "", "help");
  }

  @ParameterizedTest
  @CsvSource({
    "STRING,'',true",
    "BOOLEAN,true,true",
    "BOOLEAN,yes,false",
    "INTEGER,-3,true",
    "INTEGER,3.5,false",
    "BYTE_SIZE,2GiB,true",
    "BYTE_SIZE,many,false",
    "PATH,/x,true",
    "PATH,' ',false",
    "DURATION,50ms,true",
    "DURATION,50,false"
  })
  void aTextIsOfItsTypeOrNot(ConfigKey.Type type, String text, boolean accepted) {
    assertThat(of(type).accepts(text)).isEqualTo(accepted);
    assertThat(of(type).expected()).isNotBlank();
  }

  @Test
  void rangesHoldAtBothEnds() {
    ConfigKey key = of(ConfigKey.Type.INTEGER).withRange(1, 256);
    assertThat(List.of("1", "256")).allMatch(key::accepts);
    assertThat(List.of("0", "257", "x")).noneMatch(key::accepts);
    assertThat(key.expected()).isEqualTo("a whole number, 1 to 256");
    assertThat(of(ConfigKey.Type.INTEGER).withRange(2, Long.MAX_VALUE).expected())
        .endsWith(", at least 2");
    assertThat(of(ConfigKey.Type.INTEGER).withRange(Long.MIN_VALUE, 2).expected())
        .endsWith(", at most 2");
    assertThat(of(ConfigKey.Type.BYTE_SIZE).withRange(0, 4096).accepts("4097")).isFalse();
  }

  @Test
  void choicesAreTheOnlyTexts() {
    ConfigKey key = of(ConfigKey.Type.STRING).withChoices("a", "b", "c");
    assertThat(List.of("a", " b ")).allMatch(key::accepts);
    assertThat(List.of("", "A", "d")).noneMatch(key::accepts);
    assertThat(key.expected()).isEqualTo("a, b or c");
    assertThat(key.withChoices("a").expected()).isEqualTo("a");
  }

  @Test
  void whatIsAddedKeepsTheRest() {
    EnvironmentAlias alias = new EnvironmentAlias("OLD", Optional::of);
    ConfigKey key =
        of(ConfigKey.Type.STRING).withChoices("a").withRange(1, 2).asSecret().withAlias(alias);
    assertThat(key.secret()).isTrue();
    assertThat(key.choices()).containsExactly("a");
    assertThat(key.min()).isEqualTo(1);
    assertThat(key.max()).isEqualTo(2);
    assertThat(key.aliases()).containsExactly(alias);
    assertThat(key.withRange(3, 4).secret()).isTrue();
    assertThat(key.withChoices("b").aliases()).containsExactly(alias);
  }

  @Test
  void validationNamesWhatIsExpectedAndNoSecret() {
    List<ConfigKey> keys = List.of(of(ConfigKey.Type.INTEGER).withRange(1, 9).asSecret());
    assertThatThrownBy(() -> BackendConfig.of("key", "4711").validate("tape", keys))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("setting 'key' is '***', expected a whole number, 1 to 9");
  }
}
