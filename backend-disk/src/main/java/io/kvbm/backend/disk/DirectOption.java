package io.kvbm.backend.disk;

import java.nio.file.OpenOption;

/**
 * The JDK's option for direct access, found by name: the compiler warns at every mention of its
 * class, and that warning cannot be suppressed where it is due.
 */
final class DirectOption {

  private static final String CLASS_NAME = "com.sun.nio.file.ExtendedOpenOption";
  private static final String CONSTANT = "DIRECT";

  private DirectOption() {}

  /**
   * {@return the option}
   *
   * @throws UnsupportedOperationException if this JDK has none
   */
  static OpenOption get() {
    try {
      for (Object constant : Class.forName(CLASS_NAME).getEnumConstants()) {
        if (constant instanceof OpenOption option && constant.toString().equals(CONSTANT)) {
          return option;
        }
      }
    } catch (ClassNotFoundException e) {
      throw new UnsupportedOperationException("this JDK has no direct access to files", e);
    }
    throw new UnsupportedOperationException("this JDK has no direct access to files");
  }
}
