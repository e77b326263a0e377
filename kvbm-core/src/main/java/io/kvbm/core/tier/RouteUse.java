package io.kvbm.core.tier;

/**
 * What was moved along one route.
 *
 * @param route from and to, as {@code device->host}
 * @param blocks blocks moved whole
 * @param byteSize their bytes
 * @param nanos how long anything was on its way
 * @param failures blocks that did not move, those that were damaged on the way included
 * @param corrupt blocks that arrived with other bytes than they left with, or left with other bytes
 *     than they once had
 */
public record RouteUse(
    String route, long blocks, long byteSize, long nanos, long failures, long corrupt) {}
