package io.kvbm.core.plugin;

import java.util.ServiceConfigurationError;

/** Says in one line what a foreign throwable means. */
public final class OneLine {

  private OneLine() {}

  /**
   * {@return one line: the message, and the type where the message alone would say too little}
   *
   * @param thrown what foreign code threw
   */
  public static String of(Throwable thrown) {
    if (isWrapper(thrown) && thrown.getCause() != null) {
      return of(thrown.getCause());
    }
    String message = thrown.getMessage();
    if (message == null || message.isBlank()) {
      return thrown.getClass().getSimpleName();
    }
    String line = message.strip().lines().findFirst().orElse("").strip();
    if (thrown instanceof NoClassDefFoundError && !line.contains(" ")) {
      return "class %s is missing; add the jar that has it".formatted(line.replace('/', '.'));
    }
    return thrown instanceof RuntimeException || isWrapper(thrown)
        ? line
        : thrown.getClass().getSimpleName() + ": " + line;
  }

  private static boolean isWrapper(Throwable thrown) {
    return thrown instanceof ServiceConfigurationError
        || thrown instanceof ExceptionInInitializerError;
  }
}
