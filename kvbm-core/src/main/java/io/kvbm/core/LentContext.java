package io.kvbm.core;

import io.kvbm.api.codec.Codec;
import io.kvbm.api.disk.Disk;
import io.kvbm.api.metrics.MetricsSink;
import io.kvbm.api.spi.BackendContext;
import io.kvbm.api.spi.Clock;
import io.kvbm.api.spi.MemoryBudget;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;

/** What the platform lends one backend. */
record LentContext(
    Clock clock,
    Executor ioExecutor,
    Executor computeExecutor,
    int computeParallelism,
    MetricsSink metrics,
    List<Codec> codecs,
    Optional<Disk> disk,
    MemoryBudget memoryBudget,
    System.Logger logger)
    implements BackendContext {}
