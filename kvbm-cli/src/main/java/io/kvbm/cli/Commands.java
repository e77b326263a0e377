package io.kvbm.cli;

import io.kvbm.cli.console.Console;
import io.kvbm.cli.spi.CommandProvider;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.ServiceConfigurationError;
import picocli.CommandLine;
import picocli.CommandLine.InitializationException;

/** Puts the command line together: the global options and the subcommands of all providers. */
final class Commands {

  /** Some loaders report a broken configuration file again and again. */
  private static final int MAX_BROKEN_PROVIDERS = 20;

  private Commands() {}

  /**
   * Returns the command line with the subcommands in the order of their names. A provider that
   * fails is left out and said so: one bad jar must not take the other commands with it.
   */
  static CommandLine assemble(
      RootCommand root, Iterator<CommandProvider> providers, Console console) {
    CommandLine line = new CommandLine(root);
    for (CommandLine subcommand : load(providers, console)) {
      try {
        line.addSubcommand(subcommand);
      } catch (InitializationException e) {
        leaveOut(subcommand.getCommandName(), e, console);
      }
    }
    Numbers.register(line);
    return line;
  }

  private static List<CommandLine> load(Iterator<CommandProvider> providers, Console console) {
    List<CommandLine> found = new ArrayList<>();
    for (int broken = 0; broken < MAX_BROKEN_PROVIDERS; ) {
      try {
        if (!providers.hasNext()) {
          break;
        }
        found.add(new CommandLine(providers.next().command()));
      } catch (ServiceConfigurationError | RuntimeException | LinkageError e) {
        broken++;
        leaveOut("a subcommand", e, console);
      }
    }
    found.sort(Comparator.comparing(CommandLine::getCommandName));
    return found;
  }

  private static void leaveOut(String name, Throwable reason, Console console) {
    console.error(name + " is left out, remove or repair its jar: " + reason.getMessage());
    console.trace(reason);
  }
}
