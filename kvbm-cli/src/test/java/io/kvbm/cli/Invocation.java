package io.kvbm.cli;

import io.kvbm.cli.console.Console;
import io.kvbm.cli.settings.Surroundings;
import io.kvbm.cli.spi.CommandProvider;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.ServiceLoader;
import java.util.function.Supplier;

/**
 * A run of the program in this process.
 *
 * @param exitCode what the process would end with
 * @param out all of standard output
 * @param err all of standard error
 */
public record Invocation(int exitCode, String out, String err) {

  /** Runs with the real commands. */
  public static Invocation of(String... args) {
    return of((line, console) -> Main.run(line, console), args);
  }

  /** Runs with these commands only on an input; {@code out} keeps the bytes as they came. */
  public static Invocation of(
      byte[] input, ByteArrayOutputStream out, List<CommandProvider> providers, String... args) {
    return of(
        new ByteArrayInputStream(input),
        out,
        (line, console) -> Main.run(line, console, providers.iterator()),
        args);
  }

  /** Runs with the real commands; {@code err} has what was said so far, for other threads too. */
  public static Invocation watched(ByteArrayOutputStream err, String... args) {
    return of(
        InputStream.nullInputStream(),
        new ByteArrayOutputStream(),
        err,
        (line, console) -> Main.run(line, console),
        args);
  }

  /** Runs with these commands only. */
  public static Invocation of(List<CommandProvider> providers, String... args) {
    return of((line, console) -> Main.run(line, console, providers.iterator()), args);
  }

  /** Runs with the real commands in surroundings of the test's. */
  public static Invocation in(Surroundings surroundings, String... args) {
    return of(
        (line, console) ->
            Main.run(
                line,
                console,
                ServiceLoader.load(CommandProvider.class).iterator(),
                () -> surroundings),
        args);
  }

  /** Runs with the real commands in surroundings that have yet to be found. */
  static Invocation in(Supplier<Surroundings> surroundings, String... args) {
    return of(
        (line, console) ->
            Main.run(
                line, console, ServiceLoader.load(CommandProvider.class).iterator(), surroundings),
        args);
  }

  private static Invocation of(Program program, String... args) {
    return of(InputStream.nullInputStream(), new ByteArrayOutputStream(), program, args);
  }

  private static Invocation of(
      InputStream input, ByteArrayOutputStream out, Program program, String... args) {
    return of(input, out, new ByteArrayOutputStream(), program, args);
  }

  private static Invocation of(
      InputStream input,
      ByteArrayOutputStream out,
      ByteArrayOutputStream err,
      Program program,
      String... args) {
    int exitCode = program.run(args, new Console(input, out, err, StandardCharsets.UTF_8, false));
    return new Invocation(
        exitCode, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  private interface Program {
    int run(String[] args, Console console);
  }
}
