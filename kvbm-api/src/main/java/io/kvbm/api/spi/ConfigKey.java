package io.kvbm.api.spi;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.Stability;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * A setting a backend knows.
 *
 * <p>
 *
 * {@snippet :
 * new ConfigKey("ioDepth", ConfigKey.Type.INTEGER, "4", "Reads at once").withRange(1, 256);
 * new ConfigKey("unlink", ConfigKey.Type.STRING, "close", "When").withChoices("close", "now");
 * }
 *
 * @param name {@code [a-z][a-zA-Z0-9]*}, without the backend's name
 * @param type how the text is read
 * @param defaultValue as text; empty means there is none
 * @param help one line for users
 * @param choices the only texts there are; empty means any
 * @param min the least value of an INTEGER or BYTE_SIZE
 * @param max the greatest value of an INTEGER or BYTE_SIZE
 * @param secret whether the text is never shown
 * @param aliases environment variables from elsewhere that stand for it
 */
@Stability(Stability.Level.STABLE)
public record ConfigKey(
    String name,
    Type type,
    String defaultValue,
    String help,
    List<String> choices,
    long min,
    long max,
    boolean secret,
    List<EnvironmentAlias> aliases) {

  /** How the text of a setting is read. */
  public enum Type {
    /** As it is. */
    STRING,
    /** {@code true} or {@code false}. */
    BOOLEAN,
    /** A whole number. */
    INTEGER,
    /** Bytes: a number with an optional unit such as {@code 64KiB}, {@code 2GiB}. */
    BYTE_SIZE,
    /** A path. */
    PATH,
    /** A duration such as {@code 50ms}, {@code 2s}. */
    DURATION
  }

  /** Checks the values. */
  public ConfigKey {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(type, "type");
    Objects.requireNonNull(defaultValue, "defaultValue");
    Objects.requireNonNull(help, "help");
    choices = List.copyOf(choices);
    aliases = List.copyOf(aliases);
  }

  /**
   * A setting of any text or number of its type, which is no secret.
   *
   * @param name {@code [a-z][a-zA-Z0-9]*}, without the backend's name
   * @param type how the text is read
   * @param defaultValue as text; empty means there is none
   * @param help one line for users
   */
  public ConfigKey(String name, Type type, String defaultValue, String help) {
    this(
        name,
        type,
        defaultValue,
        help,
        List.of(),
        Long.MIN_VALUE,
        Long.MAX_VALUE,
        false,
        List.of());
  }

  /**
   * {@return this key with no other texts than these}
   *
   * @param values what it may be, at least one
   */
  public ConfigKey withChoices(String... values) {
    return new ConfigKey(
        name, type, defaultValue, help, List.of(values), min, max, secret, aliases);
  }

  /**
   * {@return this key with limits}
   *
   * @param least the least value
   * @param greatest the greatest value
   */
  public ConfigKey withRange(long least, long greatest) {
    return new ConfigKey(name, type, defaultValue, help, choices, least, greatest, secret, aliases);
  }

  /** {@return this key as a secret: its text is in no message and no listing} */
  public ConfigKey asSecret() {
    return new ConfigKey(name, type, defaultValue, help, choices, min, max, true, aliases);
  }

  /**
   * {@return this key with one more environment variable that stands for it}
   *
   * @param alias the variable
   */
  public ConfigKey withAlias(EnvironmentAlias alias) {
    List<EnvironmentAlias> more = new ArrayList<>(aliases);
    more.add(alias);
    return new ConfigKey(name, type, defaultValue, help, choices, min, max, secret, more);
  }

  /**
   * {@return whether a text is one this setting can have}
   *
   * @param text what the user wrote
   */
  public boolean accepts(String text) {
    if (!choices.isEmpty()) {
      return choices.contains(text.strip());
    }
    BackendConfig one = BackendConfig.of(name, text);
    try {
      return switch (type) {
        case STRING -> true;
        case PATH -> !text.isBlank() && one.path(name).isPresent();
        case BOOLEAN -> one.bool(name).isPresent();
        case DURATION -> one.duration(name).isPresent();
        case INTEGER -> one.integer(name).filter(this::isInRange).isPresent();
        case BYTE_SIZE -> one.byteSize(name).filter(this::isInRange).isPresent();
      };
    } catch (ConfigurationException e) {
      return false;
    }
  }

  private boolean isInRange(long value) {
    return value >= min && value <= max;
  }

  /** {@return what this setting can be, for a message: {@code a whole number, 1 to 256}} */
  public String expected() {
    if (!choices.isEmpty()) {
      return choices.size() == 1
          ? choices.getFirst()
          : String.join(", ", choices.subList(0, choices.size() - 1)) + " or " + choices.getLast();
    }
    return switch (type) {
      case STRING -> "a text";
      case PATH -> "a path";
      case BOOLEAN -> "true or false";
      case DURATION -> "a duration such as 50ms or 2s";
      case INTEGER -> "a whole number" + range();
      case BYTE_SIZE -> "bytes such as 4096, 64KiB or 2GiB" + range();
    };
  }

  private String range() {
    if (min == Long.MIN_VALUE && max == Long.MAX_VALUE) {
      return "";
    }
    if (max == Long.MAX_VALUE) {
      return ", at least " + min;
    }
    return min == Long.MIN_VALUE ? ", at most " + max : ", " + min + " to " + max;
  }
}
