package io.kvbm.backend.disk;

import java.util.Optional;

/** When direct access is asked for: some file systems refuse to change it on an open file. */
enum AllocatorType {
  /** Right after the file was opened. */
  DEFAULT("default"),
  /** While it is opened. */
  OPEN_DIRECT("open-direct");

  private final String text;

  AllocatorType(String text) {
    this.text = text;
  }

  /**
   * {@return the type of that name, or empty if there is none}
   *
   * @param text a name
   */
  static Optional<AllocatorType> tryParse(String text) {
    for (AllocatorType type : values()) {
      if (type.text.equals(text.strip())) {
        return Optional.of(type);
      }
    }
    return Optional.empty();
  }

  @Override
  public String toString() {
    return text;
  }
}
