package io.kvbm.backend.disk.slab;

import io.kvbm.api.disk.Disk;
import io.kvbm.api.metrics.MetricsSink;
import io.kvbm.api.spi.BackendContext;
import io.kvbm.api.spi.Clock;
import io.kvbm.api.spi.MemoryBudget;
import io.kvbm.backend.disk.io.IoEngine;
import java.security.SecureRandom;
import java.util.concurrent.Executor;
import java.util.random.RandomGenerator;

/**
 * What a block store is lent: it closes none of it.
 *
 * @param disk where its files are
 * @param engine reads and writes them
 * @param clock time
 * @param compute runs checksums and copies of large blocks; {@code Runnable::run} keeps everything
 *     on the calling threads
 * @param memory what buffers and tables are taken from
 * @param metrics where to report
 * @param logger where to log
 * @param random gives the UUIDs of files
 */
public record SlabEnvironment(
    Disk disk,
    IoEngine engine,
    Clock clock,
    Executor compute,
    MemoryBudget memory,
    MetricsSink metrics,
    System.Logger logger,
    RandomGenerator random) {

  /**
   * {@return what an open backend lends its stores}
   *
   * @param context what the backend was lent
   * @param disk the backend's disk
   * @param engine the backend's engine
   */
  public static SlabEnvironment of(BackendContext context, Disk disk, IoEngine engine) {
    return new SlabEnvironment(
        disk,
        engine,
        context.clock(),
        context.computeExecutor(),
        context.memoryBudget(),
        context.metrics(),
        context.logger(),
        new SecureRandom());
  }
}
