package io.kvbm.core.cost;

/**
 * What a gate has decided.
 *
 * @param decisions how often it was asked
 * @param avoidedBlocks blocks that were not loaded, or in mode {@link GateMode#ADVISE} should not
 *     have been
 * @param avoidedByteSize their bytes
 * @param probes loads whose only use was to measure, and first loads along an unknown route
 */
public record GateStatistics(
    long decisions, long avoidedBlocks, long avoidedByteSize, long probes) {}
