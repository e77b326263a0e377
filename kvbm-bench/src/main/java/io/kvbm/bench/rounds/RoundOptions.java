package io.kvbm.bench.rounds;

import io.kvbm.api.CallerException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options that every benchmark of this kind has; for {@code @Mixin}. */
public final class RoundOptions {

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--seconds",
      defaultValue = "1",
      paramLabel = "N",
      description =
          "How long to measure a benchmark in a round, after as long a warm-up (default:"
              + " ${DEFAULT-VALUE}).")
  private double seconds;

  @Option(
      names = "--rounds",
      defaultValue = "3",
      paramLabel = "N",
      description = "How often to measure each, in turns (default: ${DEFAULT-VALUE}).")
  private int rounds;

  /** For picocli. */
  public RoundOptions() {}

  /**
   * {@return what the user asked for}
   *
   * @throws ParameterException if it is out of range
   */
  public RoundSettings settings() {
    try {
      return new RoundSettings(rounds, seconds, true);
    } catch (CallerException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }
}
