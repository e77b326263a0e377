package io.kvbm.api.block;

/**
 * Names one block of one worker.
 *
 * @param workerId the worker that holds it
 * @param blockSet which of the worker's exported block sets, from 0
 * @param blockId the slot in that set, from 0
 */
public record BlockDescriptor(long workerId, int blockSet, int blockId) {}
