package io.kvbm.bench.rounds;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;

/**
 * How long and how often to measure.
 *
 * @param rounds how often each benchmark runs
 * @param seconds how long it is measured in each round; it is warmed up for as long
 * @param forked whether each run has a JVM of its own, as figures need that mean anything
 */
public record RoundSettings(int rounds, double seconds, boolean forked) {

  /** Checks the ranges. */
  public RoundSettings {
    if (rounds < 1 || rounds > 1000) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT, "--rounds " + rounds + " is not from 1 to 1000");
    }
    if (!(seconds >= 0.001 && seconds <= 3600)) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT, "--seconds " + seconds + " is not from 0.001 to 3600");
    }
  }

  long nanos() {
    return Math.round(seconds * 1e9);
  }
}
