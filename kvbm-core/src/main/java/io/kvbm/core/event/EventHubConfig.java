package io.kvbm.core.event;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import java.util.Objects;

/**
 * How an {@link EventHub} works.
 *
 * @param filter which blocks are announced
 * @param maxBatchSize after so many blocks of one kind their event is published, at least 1
 * @param batchTimeoutNanos so long after the first of them it is published at the latest, at least
 *     1
 * @param retainedEvents how many published events are kept for subscribers that have not read them,
 *     at least 1
 */
public record EventHubConfig(
    EventFilter filter, int maxBatchSize, long batchTimeoutNanos, int retainedEvents) {

  /** Every block, 1024 blocks or 10 ms, and 1024 events kept. */
  public static final EventHubConfig DEFAULT =
      new EventHubConfig(EventFilter.ALL, 1024, 10_000_000, 1024);

  /** Checks the values. */
  public EventHubConfig {
    Objects.requireNonNull(filter, "filter");
    requirePositive("maxBatchSize", maxBatchSize);
    requirePositive("batchTimeoutNanos", batchTimeoutNanos);
    requirePositive("retainedEvents", retainedEvents);
  }

  private static void requirePositive(String name, long value) {
    if (value < 1) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG, "%s is %d: it must be at least 1".formatted(name, value));
    }
  }
}
