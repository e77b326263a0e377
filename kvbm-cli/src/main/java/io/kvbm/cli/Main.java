package io.kvbm.cli;

import io.kvbm.cli.console.Console;
import io.kvbm.cli.settings.PlatformFactory;
import io.kvbm.cli.settings.Surroundings;
import io.kvbm.cli.settings.UsesPlatform;
import io.kvbm.cli.spi.CommandProvider;
import io.kvbm.cli.spi.Subcommand;
import java.io.IOException;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** Entry point of {@code kvbm}. */
public final class Main {

  private final RootCommand root = new RootCommand();
  private final Console console;
  private final CommandLine line;

  private final Surroundings surroundings;

  private Main(Console console, Iterator<CommandProvider> providers, Surroundings surroundings) {
    this.console = console;
    this.surroundings = surroundings;
    this.line = Commands.assemble(root, providers, console);
    line.setColorScheme(CommandLine.Help.defaultColorScheme(Ansi.OFF));
    line.setUsageHelpAutoWidth(false);
    // The name of a file may begin with @.
    line.setExpandAtFiles(false);
  }

  /**
   * Runs the command and ends the process with its exit code.
   *
   * @param args the command line
   */
  public static void main(String[] args) {
    Locale.setDefault(Locale.Category.FORMAT, Locale.ROOT);
    Console console = Console.ofProcess();
    Logging.configure(contains(args, "--verbose"));
    Interruption interruption = Interruption.watch(Thread.currentThread(), console);
    int exitCode = run(args, console);
    interruption.finished();
    System.exit(exitCode);
  }

  /**
   * Runs the command in this thread.
   *
   * @param args the command line
   * @param console where results and messages go
   * @return 0 if it went well, 1 if it failed, 2 if the command line is wrong
   */
  public static int run(String[] args, Console console) {
    return run(args, console, ServiceLoader.load(CommandProvider.class).iterator());
  }

  static int run(String[] args, Console console, Iterator<CommandProvider> providers) {
    return run(args, console, providers, Surroundings::ofProcess);
  }

  static int run(
      String[] args,
      Console console,
      Iterator<CommandProvider> providers,
      Supplier<Surroundings> surroundings) {
    int exitCode;
    try {
      // What goes wrong before the options are read is shown as they ask, too.
      console.configure(contains(args, "--json"), contains(args, "--verbose"));
      exitCode = new Main(console, providers, surroundings.get()).execute(args);
    } catch (Throwable e) {
      console.error(Failures.describe(e));
      console.trace(e);
      exitCode = Subcommand.FAILED;
    }
    return finish(console, exitCode);
  }

  private int execute(String[] args) throws Exception {
    try {
      ParseResult parsed = line.parseArgs(args);
      console.configure(root.json, root.verbose);
      while (parsed.hasSubcommand() && !parsed.isUsageHelpRequested()) {
        parsed = parsed.subcommand();
      }
      return execute(parsed);
    } catch (ParameterException e) {
      return refuse(e);
    }
  }

  private int execute(ParseResult parsed) throws Exception {
    CommandLine command = parsed.commandSpec().commandLine();
    if (parsed.isUsageHelpRequested()) {
      command.usage(console.resultWriter());
      return Subcommand.OK;
    }
    if (parsed.isVersionHelpRequested()) {
      Version.print(console);
      return Subcommand.OK;
    }
    if (root.config != null && root.config.toString().isBlank()) {
      throw new ParameterException(command, "--config is empty; name a file");
    }
    if (parsed.commandSpec().userObject() instanceof UsesPlatform user) {
      user.use(new PlatformFactory(surroundings, root.config));
    }
    if (parsed.commandSpec().userObject() instanceof Subcommand subcommand) {
      return subcommand.run(console);
    }
    throw new ParameterException(
        command, "which command? One of: " + String.join(", ", command.getSubcommands().keySet()));
  }

  private int refuse(ParameterException e) {
    console.error(complaint(e));
    String suggestions =
        e instanceof UnmatchedArgumentException unmatched
            ? unmatched.getSuggestions().stream().limit(3).collect(Collectors.joining(", "))
            : "";
    String hint = "see '" + e.getCommandLine().getCommandSpec().qualifiedName() + " --help'";
    console.note(suggestions.isEmpty() ? hint : "did you mean " + suggestions + "? Or " + hint);
    console.trace(e);
    return Subcommand.USAGE;
  }

  /** What is left over where commands are expected is meant to be one. */
  private static String complaint(ParameterException e) {
    if (e instanceof UnmatchedArgumentException misplaced
        && misplaced.getUnmatched().getFirst().matches("--plugins(=.*)?")) {
      return "--plugins is for the launcher and stands first: kvbm --plugins DIR COMMAND";
    }
    if (!(e instanceof UnmatchedArgumentException unmatched) || unmatched.isUnknownOption()) {
      return Objects.requireNonNullElse(e.getMessage(), "the command line is not understood")
          .replaceFirst("^Error: ", "");
    }
    String first = unmatched.getUnmatched().getFirst();
    Set<String> commands = e.getCommandLine().getSubcommands().keySet();
    return commands.isEmpty()
        ? "'%s' is not expected here".formatted(first)
        : "there is no command '%s'; known: %s".formatted(first, String.join(", ", commands));
  }

  /** A reader that went away has what it wanted; any other failure to deliver the result is one. */
  private static int finish(Console console, int exitCode) {
    Optional<IOException> failure = console.finish();
    if (failure.isEmpty()) {
      return exitCode;
    }
    String reason = String.valueOf(failure.get().getMessage());
    if (!reason.contains("Broken pipe")) {
      console.error("cannot write the result to standard output: " + reason);
      console.trace(failure.get());
    }
    return Math.max(exitCode, Subcommand.FAILED);
  }

  private static boolean contains(String[] args, String option) {
    return Arrays.asList(args).contains(option);
  }
}
