package io.kvbm.core.config;

import io.kvbm.api.spi.ConfigKey;
import java.util.Objects;

/**
 * One setting of the platform.
 *
 * @param path the name in a file, its sections joined by dots: {@code tiers.host.blocks}
 * @param key type, default, limits and help
 * @param variable the environment variable that stands for it
 * @param owner who has it: {@code core}, or {@code backend disk}
 */
public record ConfigSetting(String path, ConfigKey key, String variable, String owner) {

  /** Checks the values. */
  public ConfigSetting {
    Objects.requireNonNull(path, "path");
    Objects.requireNonNull(key, "key");
    Objects.requireNonNull(variable, "variable");
    Objects.requireNonNull(owner, "owner");
  }

  /** {@return the path without its last part: {@code tiers.host}} */
  public String section() {
    return path.substring(0, path.length() - key.name().length() - 1);
  }

  /**
   * {@return a text of this setting as it may be shown}
   *
   * @param text the text
   */
  public String shown(String text) {
    return key.secret() ? "***" : ShownText.of(text);
  }
}
