package io.kvbm.backend.disk.io;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;

/** Which engine to use. */
public enum EngineType {
  /** The best that works. */
  AUTO("auto"),
  /** Rings past the page cache. */
  IO_URING("io_uring"),
  /** Threads past the page cache. */
  DIRECT("direct"),
  /** Threads through the page cache. */
  BUFFERED("buffered");

  private final String text;

  EngineType(String text) {
    this.text = text;
  }

  /**
   * Reads the setting.
   *
   * @param text one of the names that {@link #toString} gives
   * @return the type
   * @throws ConfigurationException if it is another text
   */
  public static EngineType parse(String text) {
    for (EngineType type : values()) {
      if (type.text.equals(text.strip())) {
        return type;
      }
    }
    throw new ConfigurationException(
        ErrorCode.INVALID_CONFIG,
        "setting 'engine' is '" + text + "', expected auto, io_uring, direct or buffered");
  }

  @Override
  public String toString() {
    return text;
  }
}
