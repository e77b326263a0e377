package io.kvbm.core.remote;

import io.kvbm.api.layout.LayoutProvider;
import io.kvbm.api.layout.LayoutType;
import io.kvbm.api.metrics.MetricsSink;
import io.kvbm.api.spi.Clock;
import io.kvbm.api.storage.StorageAllocator;
import io.kvbm.core.time.Deadlines;
import io.kvbm.core.transfer.TransferEngine;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * What sharing runs on. Everything stays the platform's and outlives the sharing.
 *
 * @param transfers moves bytes
 * @param clock time
 * @param deadlines ends waits; its time passes like that of the clock
 * @param executor runs what may block
 * @param compute runs what needs a processor for a while
 * @param layouts makes layouts of a type
 * @param hostMemory host memory for staging, page-locked where there is some
 * @param metrics where to report
 */
public record SharingEnvironment(
    TransferEngine transfers,
    Clock clock,
    Deadlines deadlines,
    Executor executor,
    Executor compute,
    Function<LayoutType, LayoutProvider> layouts,
    Supplier<StorageAllocator> hostMemory,
    MetricsSink metrics) {}
