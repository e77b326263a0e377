package io.kvbm.bench.rounds;

/**
 * Two benchmarks to be compared by how many operations a second they do, all threads together.
 *
 * @param name what is compared
 * @param ours our side
 * @param peerName the peer
 * @param peer the peer's side
 */
public record Comparison(String name, Subject ours, String peerName, Subject peer) {}
