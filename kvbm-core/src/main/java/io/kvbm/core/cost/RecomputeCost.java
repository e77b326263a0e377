package io.kvbm.core.cost;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;

/**
 * What it takes to compute blocks of a sequence: each token costs the same, plus its attention over
 * all tokens before it, so that later blocks cost more.
 *
 * @param tokensPerSecond how many tokens a second are computed at the start of a sequence, above 0
 * @param quadraticSecondsPerTokenSquared a sequence of {@code t} tokens costs this times {@code t²}
 *     more; 0 where attention does not matter
 * @param tokensPerBlock tokens of a block, above 0
 */
public record RecomputeCost(
    double tokensPerSecond, double quadraticSecondsPerTokenSquared, int tokensPerBlock) {

  /** Checks the values. */
  public RecomputeCost {
    if (!(tokensPerSecond > 0)
        || !(quadraticSecondsPerTokenSquared >= 0)
        || Double.isInfinite(quadraticSecondsPerTokenSquared)
        || tokensPerBlock < 1) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG,
          ("recomputing cannot take %s tokens a second, %s seconds per squared token and %d tokens"
                  + " a block; give more than 0, at least 0 and at least 1")
              .formatted(tokensPerSecond, quadraticSecondsPerTokenSquared, tokensPerBlock));
    }
  }

  /**
   * {@return how long it takes to compute some blocks of a sequence when those before are there, in
   * nanoseconds}
   *
   * @param from the first block
   * @param to the first block that is not computed
   */
  public double nanos(int from, int to) {
    double first = (double) from * tokensPerBlock;
    double end = (double) to * tokensPerBlock;
    double linear = (end - first) / tokensPerSecond;
    double quadratic = quadraticSecondsPerTokenSquared * (end * end - first * first);
    return (linear + quadratic) * 1e9;
  }
}
