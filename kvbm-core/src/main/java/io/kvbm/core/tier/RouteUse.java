package io.kvbm.core.tier;

/**
 * What was moved along one route.
 *
 * @param route from and to, as {@code device->host}
 * @param blocks blocks moved whole
 * @param byteSize their bytes
 * @param nanos how long anything was on its way
 * @param failures blocks that did not move
 */
public record RouteUse(String route, long blocks, long byteSize, long nanos, long failures) {}
