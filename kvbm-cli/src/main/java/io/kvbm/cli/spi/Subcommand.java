package io.kvbm.cli.spi;

import io.kvbm.cli.console.Console;

/** The work of a command that a {@link CommandProvider} contributes. */
public interface Subcommand {

  /** Exit code: everything went well. */
  int OK = 0;

  /** Exit code: the command ran and failed, or found what it was to find wrong. */
  int FAILED = 1;

  /** Exit code: the command line is wrong; nothing was done. */
  int USAGE = 2;

  /**
   * Runs the command, on the main thread, with its options filled in.
   *
   * <p>When the user ends the program, this thread is interrupted: release what is held and return
   * or throw.
   *
   * @param console where results and messages go
   * @return {@link #OK} or {@link #FAILED}
   * @throws Exception any failure; it becomes one line on standard error and exit code {@link
   *     #FAILED}. The message of a {@link io.kvbm.api.KvbmException} is shown as it is; a {@code
   *     picocli.CommandLine.ParameterException} is a usage error
   */
  int run(Console console) throws Exception;
}
