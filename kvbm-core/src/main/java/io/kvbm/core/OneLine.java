package io.kvbm.core;

import java.util.ServiceConfigurationError;

/** Says in one line what a foreign throwable means. */
final class OneLine {

  private OneLine() {}

  static String of(Throwable thrown) {
    if (isWrapper(thrown) && thrown.getCause() != null) {
      return of(thrown.getCause());
    }
    String message = thrown.getMessage();
    if (message == null || message.isBlank()) {
      return thrown.getClass().getSimpleName();
    }
    String line = message.strip().lines().findFirst().orElse("");
    return thrown instanceof RuntimeException || isWrapper(thrown)
        ? line
        : thrown.getClass().getSimpleName() + ": " + line;
  }

  private static boolean isWrapper(Throwable thrown) {
    return thrown instanceof ServiceConfigurationError
        || thrown instanceof ExceptionInInitializerError;
  }
}
