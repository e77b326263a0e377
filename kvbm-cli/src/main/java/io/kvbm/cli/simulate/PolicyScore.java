package io.kvbm.cli.simulate;

/**
 * How one policy did with one capacity.
 *
 * @param policy its name
 * @param capacity blocks kept
 * @param hits blocks found in prefixes
 * @param hitRatio hits ÷ blocks asked for, 0 where none were
 * @param refsPerSecond blocks asked for ÷ seconds, on one thread, without reading the trace
 */
record PolicyScore(String policy, long capacity, long hits, double hitRatio, long refsPerSecond) {}
