package io.kvbm.api.spi;

import io.kvbm.api.Stability;
import java.util.Objects;

/**
 * A setting a backend knows.
 *
 * @param name {@code [a-z][a-zA-Z0-9]*}, without the backend's name
 * @param type how the text is read
 * @param defaultValue as text; empty means there is none
 * @param help one line for users
 */
@Stability(Stability.Level.STABLE)
public record ConfigKey(String name, Type type, String defaultValue, String help) {

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
  }
}
