package io.kvbm.backend.disk;

import io.kvbm.api.codec.Codec;
import io.kvbm.api.disk.Disk;
import io.kvbm.api.metrics.MetricsSink;
import io.kvbm.api.spi.BackendContext;
import io.kvbm.api.spi.Clock;
import io.kvbm.api.spi.MemoryBudget;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/** What a platform lends, with I/O threads of its own; closing it ends them. */
final class LentContext implements BackendContext, AutoCloseable {

  private final ExecutorService threads = Executors.newFixedThreadPool(4);
  private final @Nullable Disk disk;

  LentContext() {
    this(null);
  }

  LentContext(@Nullable Disk disk) {
    this.disk = disk;
  }

  @Override
  public Clock clock() {
    return Clock.SYSTEM;
  }

  @Override
  public Executor ioExecutor() {
    return threads;
  }

  @Override
  public Executor computeExecutor() {
    return threads;
  }

  @Override
  public int computeParallelism() {
    return 4;
  }

  @Override
  public MetricsSink metrics() {
    return MetricsSink.NULL;
  }

  @Override
  public List<Codec> codecs() {
    return List.of();
  }

  @Override
  public Optional<Disk> disk() {
    return Optional.ofNullable(disk);
  }

  @Override
  public MemoryBudget memoryBudget() {
    return MemoryBudget.UNLIMITED;
  }

  @Override
  public System.Logger logger() {
    return System.getLogger("io.kvbm.backend.disk.test");
  }

  @Override
  public void close() {
    threads.close();
  }
}
