package io.kvbm.bench;

import io.kvbm.cli.Main;
import io.kvbm.cli.console.Console;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import java.util.function.ToIntFunction;

/**
 * What a run of the program, or a part of it, did.
 *
 * @param exitCode what the process would end with
 * @param out all of standard output
 * @param err all of standard error
 */
public record Invocation(int exitCode, String out, String err) {

  /** Runs {@code kvbm} with a command line, in this process. */
  public static Invocation of(String... args) {
    return capture(console -> Main.run(args, console));
  }

  /** Gives work a console in JSON mode. */
  public static Invocation ofJson(Consumer<Console> work) {
    return capture(
        console -> {
          console.configure(true, false);
          work.accept(console);
          return console.finish().isPresent() ? 1 : 0;
        });
  }

  private static Invocation capture(ToIntFunction<Console> work) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int exitCode = work.applyAsInt(new Console(out, err, StandardCharsets.UTF_8, false));
    return new Invocation(
        exitCode, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }
}
