package io.kvbm.cli;

import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * What the platform and its backends log in this process: warnings, in the shape of the program's
 * own messages, so that an error stays one line. Who configures logging for the JVM gets what that
 * says.
 */
final class Logging {

  private static final String FORMAT = "java.util.logging.SimpleFormatter.format";

  /** Kept, because the system forgets loggers that nobody holds. */
  private static final Logger ROOT = Logger.getLogger("");

  private Logging() {}

  /** Must come before the first message: the format is read once. */
  static void configure(boolean verbose) {
    if (System.getProperty("java.util.logging.config.file") != null
        || System.getProperty("java.util.logging.config.class") != null) {
      return;
    }
    if (System.getProperty(FORMAT) == null) {
      System.setProperty(FORMAT, "kvbm: %5$s%n");
    }
    ROOT.setLevel(verbose ? Level.INFO : Level.WARNING);
  }
}
