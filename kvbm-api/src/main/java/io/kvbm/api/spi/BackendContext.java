package io.kvbm.api.spi;

import io.kvbm.api.Stability;
import io.kvbm.api.codec.Codec;
import io.kvbm.api.disk.Disk;
import io.kvbm.api.metrics.MetricsSink;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;

/**
 * What the platform lends an open backend. The backend closes none of it. Threading: safe from any
 * thread.
 */
@Stability(Stability.Level.STABLE)
public interface BackendContext {

  /** {@return time} */
  Clock clock();

  /** {@return platform threads that are never interrupted, for blocking I/O and native calls} */
  Executor ioExecutor();

  /**
   * {@return threads for computing, for instance large memory copies; as many as there are
   * processors}
   */
  Executor computeExecutor();

  /** {@return how many threads {@link #computeExecutor()} has} */
  int computeParallelism();

  /** {@return where to report} */
  MetricsSink metrics();

  /** {@return the codecs found} */
  List<Codec> codecs();

  /**
   * {@return a disk given from outside, for instance a simulated one; empty lets the backend use
   * its own}
   */
  Optional<Disk> disk();

  /** {@return how much host memory the backend may take for itself} */
  MemoryBudget memoryBudget();

  /** {@return where to log} */
  System.Logger logger();
}
