package io.kvbm.core.prefetch;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import org.jspecify.annotations.Nullable;

/**
 * How conversations are prefetched.
 *
 * @param maxConversations so many conversations are remembered at most, at least 1
 * @param maxRememberedBlocks their blocks are remembered as long as there are no more than so many,
 *     at least 1; beyond, those of the conversations that were used least recently are forgotten
 * @param horizonNanos a turn that is expected within so long is prefetched, at least 1
 * @param intervalNanos how often somebody looks what is expected; 0 = only when asked to
 * @param maxPredictions so many conversations are prefetched at a look at most, at least 1
 * @param bounds what may be under way; null for {@link PrefetchConfig#of} the tier's blocks
 */
public record PrefetchOptions(
    int maxConversations,
    int maxRememberedBlocks,
    long horizonNanos,
    long intervalNanos,
    int maxPredictions,
    @Nullable PrefetchConfig bounds) {

  /**
   * 4096 conversations of a million blocks together (about 60 MB), turns within 5 seconds, looked
   * for every half second, 16 at a time.
   */
  public static final PrefetchOptions DEFAULT =
      new PrefetchOptions(4096, 1 << 20, 5_000_000_000L, 500_000_000L, 16, null);

  /** Checks the values. */
  public PrefetchOptions {
    if (maxConversations < 1 || maxRememberedBlocks < 1 || maxPredictions < 1) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG,
          "maxConversations, maxRememberedBlocks and maxPredictions are %d, %d and %d: each must be at least 1"
              .formatted(maxConversations, maxRememberedBlocks, maxPredictions));
    }
    if (horizonNanos < 1 || intervalNanos < 0) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG,
          "horizonNanos and intervalNanos are %d and %d: they must be at least 1 and 0"
              .formatted(horizonNanos, intervalNanos));
    }
  }

  /**
   * {@return these options with other times}
   *
   * @param horizon within how long a turn is to be expected, in nanoseconds
   * @param interval how often somebody looks, in nanoseconds; 0 = only when asked to
   */
  public PrefetchOptions withTimes(long horizon, long interval) {
    return new PrefetchOptions(
        maxConversations, maxRememberedBlocks, horizon, interval, maxPredictions, bounds);
  }

  /**
   * {@return these options with bounds}
   *
   * @param value what may be under way
   */
  public PrefetchOptions withBounds(PrefetchConfig value) {
    return new PrefetchOptions(
        maxConversations, maxRememberedBlocks, horizonNanos, intervalNanos, maxPredictions, value);
  }

  /**
   * {@return these options with another memory}
   *
   * @param conversations how many are remembered
   * @param blocks how many of their blocks
   */
  public PrefetchOptions withMemory(int conversations, int blocks) {
    return new PrefetchOptions(
        conversations, blocks, horizonNanos, intervalNanos, maxPredictions, bounds);
  }
}
