package io.kvbm.core.plugin;

/** Ends the loading of one plugin; its message is the line the user reads. Never leaves here. */
final class RefusedPluginException extends Exception {

  private static final long serialVersionUID = 1;

  private final String line;

  RefusedPluginException(String line) {
    super(line);
    this.line = line;
  }

  /** {@return which plugin, why, and what to do} */
  String line() {
    return line;
  }
}
