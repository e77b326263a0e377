package io.kvbm.api.spi;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The settings of one backend: texts by key. Immutable.
 *
 * <p>A provider reads them through the typed getters, which name key and value when the text does
 * not fit.
 */
@Stability(Stability.Level.STABLE)
public final class BackendConfig {

  private static final BackendConfig EMPTY = new BackendConfig(Map.of());
  private static final Pattern DURATION = Pattern.compile("(\\d{1,15})\\s*(ns|us|ms|s|m|h)");

  private final Map<String, String> values;

  private BackendConfig(Map<String, String> values) {
    this.values = Map.copyOf(values);
  }

  /** {@return no settings} */
  public static BackendConfig empty() {
    return EMPTY;
  }

  /**
   * {@return settings}
   *
   * @param values texts by key
   */
  public static BackendConfig of(Map<String, String> values) {
    return new BackendConfig(values);
  }

  /**
   * {@return one setting}
   *
   * @param key its key
   * @param value its text
   */
  public static BackendConfig of(String key, String value) {
    return new BackendConfig(Map.of(key, value));
  }

  /**
   * {@return these settings and one more, which replaces one of the same key}
   *
   * @param key its key
   * @param value its text
   */
  public BackendConfig with(String key, String value) {
    Map<String, String> next = new HashMap<>(values);
    next.put(key, value);
    return new BackendConfig(next);
  }

  /** {@return texts by key, in order of the keys} */
  public Map<String, String> values() {
    return new TreeMap<>(values);
  }

  /**
   * {@return the text of a setting}
   *
   * @param key its key
   */
  public Optional<String> string(String key) {
    return Optional.ofNullable(values.get(key));
  }

  /**
   * {@return a setting as a whole number}
   *
   * @param key its key
   */
  public Optional<Long> integer(String key) {
    return string(key)
        .map(
            text -> {
              try {
                return Long.parseLong(text.strip());
              } catch (NumberFormatException e) {
                throw invalid(key, text, "a whole number", e);
              }
            });
  }

  /**
   * {@return a setting as true or false}
   *
   * @param key its key
   */
  public Optional<Boolean> bool(String key) {
    return string(key)
        .map(
            text ->
                switch (text.strip()) {
                  case "true" -> true;
                  case "false" -> false;
                  default -> throw invalid(key, text, "true or false", null);
                });
  }

  /**
   * {@return a setting as a byte count}
   *
   * @param key its key
   */
  public Optional<Long> byteSize(String key) {
    return string(key)
        .map(
            text -> {
              try {
                return ByteSizes.parse(text);
              } catch (ConfigurationException e) {
                throw invalid(key, text, "bytes such as 4096, 64KiB or 2GiB", e);
              }
            });
  }

  /**
   * {@return a setting as a path}
   *
   * @param key its key
   */
  public Optional<Path> path(String key) {
    return string(key)
        .map(
            text -> {
              try {
                return Path.of(text);
              } catch (InvalidPathException e) {
                throw invalid(key, text, "a path", e);
              }
            });
  }

  /**
   * {@return a setting as a duration}
   *
   * @param key its key
   */
  public Optional<Duration> duration(String key) {
    return string(key)
        .map(
            text -> {
              Matcher matcher = DURATION.matcher(text.strip());
              if (!matcher.matches()) {
                throw invalid(key, text, "a duration such as 50ms or 2s", null);
              }
              long amount = Long.parseLong(matcher.group(1));
              return switch (matcher.group(2)) {
                case "ns" -> Duration.ofNanos(amount);
                case "us" -> Duration.ofNanos(Math.multiplyExact(amount, 1000));
                case "ms" -> Duration.ofMillis(amount);
                case "s" -> Duration.ofSeconds(amount);
                case "m" -> Duration.ofMinutes(amount);
                default -> Duration.ofHours(amount);
              };
            });
  }

  /**
   * Refuses keys that nobody knows and texts that are not of their key's type.
   *
   * @param owner the backend, for the message
   * @param known the keys it has
   * @throws ConfigurationException naming the unknown key and the nearest known one, or the text
   *     that does not fit
   */
  public void validate(String owner, List<ConfigKey> known) {
    for (String key : values().keySet()) {
      ConfigKey match =
          known.stream()
              .filter(candidate -> candidate.name().equals(key))
              .findFirst()
              .orElseThrow(() -> unknown(owner, key, known));
      String text = values.getOrDefault(key, "");
      if (!match.accepts(text)) {
        throw invalid(key, match.secret() ? "***" : text, match.expected(), null);
      }
    }
  }

  private static ConfigurationException unknown(String owner, String key, List<ConfigKey> known) {
    String hint =
        known.isEmpty()
            ? "it has no settings"
            : "the nearest known one is '"
                + Nearest.to(key, known.stream().map(ConfigKey::name).toList())
                + "'";
    return new ConfigurationException(
        ErrorCode.INVALID_CONFIG,
        "backend '%s' knows no setting '%s'; %s".formatted(owner, key, hint));
  }

  private static ConfigurationException invalid(
      String key, String text, String expected, @Nullable Throwable cause) {
    return new ConfigurationException(
        ErrorCode.INVALID_CONFIG,
        "setting '%s' is '%s', expected %s".formatted(key, text, expected),
        cause);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof BackendConfig config && values.equals(config.values);
  }

  @Override
  public int hashCode() {
    return values.hashCode();
  }

  /** {@return the keys; not the texts, some of which are secrets} */
  @Override
  public String toString() {
    return "BackendConfig" + values().keySet();
  }
}
