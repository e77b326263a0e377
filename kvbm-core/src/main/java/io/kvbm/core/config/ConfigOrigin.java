package io.kvbm.core.config;

/** Where the value of a setting comes from. Its text is for people. */
public sealed interface ConfigOrigin {

  /** Nobody set it. */
  record Default() implements ConfigOrigin {
    @Override
    public String toString() {
      return "default";
    }
  }

  /**
   * A file says so.
   *
   * @param file the file as it was named
   * @param line from 1
   * @param column from 1
   */
  record InFile(String file, int line, int column) implements ConfigOrigin {
    @Override
    public String toString() {
      return file + ":" + line + ":" + column;
    }
  }

  /**
   * An environment variable says so.
   *
   * @param variable its name
   */
  record InEnvironment(String variable) implements ConfigOrigin {
    @Override
    public String toString() {
      return "environment variable " + variable;
    }
  }

  /**
   * The program says so.
   *
   * @param by what of it, for instance {@code option --disk-dir}
   */
  record InProgram(String by) implements ConfigOrigin {
    @Override
    public String toString() {
      return by;
    }
  }

  /** {@return one clause: what to do about a value from here that does not fit} */
  default String remedy() {
    return switch (this) {
      case Default _ -> "set it";
      case InFile _ -> "correct the line or remove it";
      case InEnvironment _ -> "correct the variable or unset it";
      case InProgram _ -> "correct it or leave it out";
    };
  }
}
