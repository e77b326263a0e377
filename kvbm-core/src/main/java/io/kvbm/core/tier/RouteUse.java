package io.kvbm.core.tier;

import io.kvbm.api.ErrorCode;
import java.util.Map;

/**
 * What was moved along one route.
 *
 * @param route from and to, as {@code device->host}
 * @param blocks blocks moved whole
 * @param byteSize their bytes
 * @param nanos how long anything was on its way
 * @param failures blocks that failed, by what went wrong; {@link ErrorCode#CORRUPT} are those that
 *     arrived with other bytes than they left with, or left with other bytes than they once had
 * @param cancelled blocks that were not moved because nobody wanted them any more
 */
public record RouteUse(
    String route,
    long blocks,
    long byteSize,
    long nanos,
    Map<ErrorCode, Long> failures,
    long cancelled) {

  /** Copies the failures. */
  public RouteUse {
    failures = Map.copyOf(failures);
  }

  /**
   * {@return a route along which nothing was moved}
   *
   * @param route from and to
   */
  public static RouteUse none(String route) {
    return new RouteUse(route, 0, 0, 0, Map.of(), 0);
  }

  /**
   * {@return blocks that failed with an error}
   *
   * @param code the error
   */
  public long failures(ErrorCode code) {
    return failures.getOrDefault(code, 0L);
  }

  /** {@return blocks that did not move, whatever the reason} */
  public long unmoved() {
    return cancelled + failures.values().stream().mapToLong(Long::longValue).sum();
  }
}
