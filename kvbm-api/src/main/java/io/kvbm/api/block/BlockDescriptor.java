package io.kvbm.api.block;

import io.kvbm.api.Stability;

/**
 * Names one block of one worker.
 *
 * @param workerId the worker that holds it
 * @param blockSet which of the worker's exported block sets, from 0
 * @param blockId the slot in that set, from 0
 */
@Stability(Stability.Level.STABLE)
public record BlockDescriptor(long workerId, int blockSet, int blockId) {}
