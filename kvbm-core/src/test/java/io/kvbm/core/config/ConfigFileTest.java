package io.kvbm.core.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.ConfigurationException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigFileTest {

  @TempDir private Path folder;

  private static List<YamlEntry> parse(String text) {
    return ConfigFile.parse("f", text.getBytes(StandardCharsets.UTF_8));
  }

  private static YamlEntry only(String text) {
    assertThat(parse(text)).hasSize(1);
    return parse(text).getFirst();
  }

  private static YamlEntry entry(
      String path, @Nullable String text, boolean section, int line, int key, int value) {
    return new YamlEntry(
        path,
        text,
        section,
        new ConfigOrigin.InFile("f", line, key),
        new ConfigOrigin.InFile("f", line, value));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "\n", "# nothing\n", "---\n", "---\n...\n", "~", "\uFEFF", "null"})
  void aFileThatSaysNothingIsFine(String text) {
    assertThat(parse(text)).isEmpty();
  }

  @Test
  void pathsTextsAndPlaces() {
    assertThat(parse("a:\n  b: 'x y'\n  c:\nd.e: \"\"\nf: {}\n"))
        .containsExactly(
            entry("a", null, true, 1, 1, 1),
            entry("a.b", "x y", false, 2, 3, 6),
            entry("a.c", null, false, 3, 3, 3),
            entry("d.e", "", false, 4, 1, 6),
            entry("f", null, true, 5, 1, 1));
    assertThat(only("a: null").text()).isNull();
    assertThat(only("a: 'null'").text()).isEqualTo("null");
    assertThat(only("\uFEFFä: ü\r\n").text()).isEqualTo("ü");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          'a: [1, 2]'|f:1:4: a list stands here
          '- a'|f:1:1: a list stands here
          'a: &x 1'|f:1:4: anchors and aliases
          'a: *x'|f:1:4: anchors and aliases
          'a: !!java.net.URL [x]'|f:1:4: the tag tag:yaml.org,2002:java.net.URL is not used here
          'a: !!str x'|f:1:4: the tag tag:yaml.org,2002:str is not used here
          'just text'|f:1:1: a configuration is sections and settings
          '{a: 1}: 2'|f:1:1: a key is a name, not a section
          '"x'|f:1:3: while scanning a quoted scalar, found unexpected end of stream
          'a: %'|f:1:4:
          'a: 1: 2'|f:1:5:
          """)
  void whatIsNoConfigurationIsOneLineWithItsPosition(String text, String expected) {
    assertThatThrownBy(() -> parse(text))
        .isInstanceOf(ConfigurationException.class)
        .message()
        .startsWith(expected)
        .doesNotContain("\n");
  }

  @Test
  void tabsAreToldAsSuch() {
    assertThatThrownBy(() -> parse("a:\n\tb: 1\n"))
        .message()
        .startsWith("f:2:1: ")
        .endsWith("; indent with blanks, not tabs");
  }

  @Test
  void aKeyTwiceIsRefusedWithBothPlaces() {
    assertThatThrownBy(() -> parse("a:\n  b: 1\n  b: 2\n"))
        .hasMessage("f:3:3: 'a.b' stands here again, first at f:2:3; keep one");
    assertThatThrownBy(() -> parse("a: {b: 1}\na.b: 2\n"))
        .hasMessage("f:2:1: 'a.b' stands here again, first at f:1:5; keep one");
    assertThatThrownBy(() -> parse("a: {}\na: {}\n")).hasMessageContaining("'a' stands here again");
  }

  @Test
  void aSecondDocumentIsRefused() {
    assertThatThrownBy(() -> parse("a: 1\n---\nb: 2\n"))
        .hasMessageStartingWith("f:2:1: a second document");
  }

  @Test
  void bytesThatAreNoTextAreToldWithTheirPlace() {
    byte[] bytes = {'a', ':', ' ', '1', '\n', 'b', ':', ' ', (byte) 0xC3, '(', '\n'};
    assertThatThrownBy(() -> ConfigFile.parse("f", bytes))
        .hasMessage("f:2:4: the file is not UTF-8; save it in that encoding");
    assertThatThrownBy(() -> ConfigFile.parse("f", new byte[] {'a', (byte) 0xE2}))
        .hasMessageContaining("not UTF-8");
    assertThatThrownBy(() -> parse("a: 1\r\n\uD83D\uDE00b: \u0001"))
        .hasMessageMatching("f:2:\\d+: the character U\\+0001 is not allowed in YAML; remove it");
  }

  @Test
  void depthIsLimitedHoweverDeepAFileIs() {
    String deep = "{a: ".repeat(20_000);
    assertThatThrownBy(() -> parse(deep))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("nested deeper than " + YamlReader.MAX_DEPTH);
    assertThatThrownBy(() -> parse("[".repeat(20_000))).hasMessageContaining("a list stands here");
  }

  @Test
  void filesThatCannotBeReadSayWhatToDo() throws IOException {
    Path absent = folder.resolve("none.yaml");
    assertThatThrownBy(() -> ConfigFile.read(absent))
        .hasMessage(
            "the configuration file " + absent + " does not exist; create it or name another");
    assertThatThrownBy(() -> ConfigFile.read(folder)).hasMessageContaining("is a folder");
    Path large = folder.resolve("large.yaml");
    Files.write(large, new byte[ConfigFile.MAX_BYTE_SIZE + 1]);
    assertThatThrownBy(() -> ConfigFile.read(large)).hasMessageContaining("is larger than 1048576");
    Path file = TestSchemas.write(folder, "x");
    assertThatThrownBy(() -> ConfigFile.read(file.resolve("y")))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("cannot be read");
  }

  /**
   * Whatever a file holds, it is read as a whole or refused in one line; nothing is passed over.
   */
  @Test
  void randomTreesAreTakenWholeOrRefusedInOneLine() {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    ConfigSchema schema = TestSchemas.WITH_BACKENDS;
    int accepted = 0;
    for (int round = 0; round < 3000; round++) {
      RandomYaml yaml = new RandomYaml(random, schema);
      String text = yaml.text();
      Path file = TestSchemas.write(folder, text);
      try {
        KvbmConfig config = KvbmConfig.builder().file(file).build(schema);
        accepted++;
        assertThat(yaml.isClean()).as("seed %d: accepted:\n%s", seed, text).isTrue();
        yaml.settings()
            .forEach(
                (path, value) ->
                    assertThat(config.string(path)).as("seed %d: %s", seed, path).contains(value));
      } catch (ConfigurationException e) {
        assertThat(e.getMessage())
            .as("seed %d:\n%s", seed, text)
            .doesNotContain("\n")
            .contains(file.toString());
        assertThat(yaml.isClean()).as("seed %d: refused %s:\n%s", seed, e, text).isFalse();
      }
    }
    assertThat(accepted).as("seed %d", seed).isBetween(100, 2900);
  }

  @Test
  void randomBytesNeverEndOtherThanInOneLine() {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    String alphabet = "ab:.-?{}[]#&*!|>'\"%@`~ \n\t\r,\\0é\u0085\u2028";
    for (int round = 0; round < 20_000; round++) {
      StringBuilder text = new StringBuilder();
      for (int length = random.nextInt(24); length > 0; length--) {
        text.append(alphabet.charAt(random.nextInt(alphabet.length())));
      }
      try {
        parse(text.toString());
      } catch (ConfigurationException e) {
        assertThat(e.getMessage()).as("seed %d: %s", seed, text).doesNotContain("\n", "\r");
      }
    }
  }
}
