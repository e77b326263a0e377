package io.kvbm.cli.peers;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * How this program is started once more, with other arguments: on the same path, as the same user.
 */
final class ChildCommand {

  private static final String MAIN = "io.kvbm.cli.Main";

  /** The folders of the launcher. */
  private static final List<String> HANDED_ON = List.of("kvbm.home", "kvbm.plugins");

  private ChildCommand() {}

  /**
   * {@return the command}
   *
   * @param arguments as {@code kvbm} takes them
   */
  static List<String> of(List<String> arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    // What the JVM has to say must not be taken for an answer.
    command.addAll(
        List.of("-XX:+DisplayVMOutputToStderr", "-Xlog:disable", "-Xlog:all=warning:stderr"));
    for (String name : HANDED_ON) {
      String value = System.getProperty(name);
      if (value != null) {
        command.add("-D" + name + "=" + value);
      }
    }
    String modulePath = System.getProperty("jdk.module.path");
    if (modulePath != null && ChildCommand.class.getModule().isNamed()) {
      command.addAll(
          List.of(
              "--enable-native-access=" + nativeModules(),
              "--add-modules=ALL-DEFAULT",
              "-p",
              modulePath,
              "-m",
              ChildCommand.class.getModule().getName() + "/" + MAIN));
    } else {
      command.addAll(
          List.of(
              "--enable-native-access=ALL-UNNAMED",
              "-cp",
              System.getProperty("java.class.path"),
              MAIN));
    }
    command.addAll(arguments);
    return command;
  }

  private static String nativeModules() {
    return ModuleLayer.boot().modules().stream()
        .filter(module -> module.isNativeAccessEnabled() && !module.getName().startsWith("java."))
        .map(Module::getName)
        .sorted()
        .collect(Collectors.joining(","));
  }
}
