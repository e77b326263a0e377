package io.kvbm.core.tier;

/**
 * What a chain moved along one route.
 *
 * @param route from and to, as {@code device->host}
 * @param blocks blocks moved whole
 * @param byteSize their bytes
 * @param nanos how long the chain waited for them
 * @param failures blocks that did not move
 */
public record RouteUse(String route, long blocks, long byteSize, long nanos, long failures) {}
