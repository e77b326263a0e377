package io.kvbm.backend.disk;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;

/** Whether scratch files bypass the page cache. */
enum DirectAccess {
  /** They do where it works, and use the page cache elsewhere. */
  AUTO,
  /** They do, or are not made. */
  REQUIRED,
  /** They do not. */
  OFF;

  /**
   * Reads the setting.
   *
   * @param text {@code auto}, {@code true} or {@code false}
   * @throws ConfigurationException if it is another text
   */
  static DirectAccess parse(String text) {
    return switch (text.strip()) {
      case "auto" -> AUTO;
      case "true" -> REQUIRED;
      case "false" -> OFF;
      default ->
          throw new ConfigurationException(
              ErrorCode.INVALID_CONFIG,
              "setting 'direct' is '" + text + "', expected auto, true or false");
    };
  }

  /** {@return the setting it is read from} */
  String text() {
    return switch (this) {
      case AUTO -> "auto";
      case REQUIRED -> "true";
      case OFF -> "false";
    };
  }
}
