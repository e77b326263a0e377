package io.kvbm.backend.disk.io;

import io.kvbm.api.metrics.MetricsSink;
import java.util.List;

/**
 * The engine that works, and why none of the better ones.
 *
 * @param type io_uring, direct or buffered
 * @param refusals one line for each better engine that does not work
 */
public record EngineChoice(EngineType type, List<String> refusals) {

  /** More threads than this only wait for each other. */
  private static final int MAX_THREADS = 64;

  /** Copies the list. */
  public EngineChoice {
    refusals = List.copyOf(refusals);
  }

  /** {@return for instance {@code engine direct: io_uring_setup: Operation not permitted}} */
  public String text() {
    return refusals.isEmpty()
        ? "engine " + type
        : "engine " + type + ": " + String.join("; ", refusals);
  }

  /**
   * Starts the engine.
   *
   * @param settings depth and weights
   * @param metrics where to report
   * @return the engine; the caller closes it
   * @throws io.kvbm.api.BackendException if the kernel refuses now what it allowed before
   */
  public IoEngine open(EngineSettings settings, MetricsSink metrics) {
    IoCounters counters = new IoCounters(metrics, type.toString());
    IoEngine engine =
        type == EngineType.IO_URING
            ? UringEngine.open(
                new UringSettings(
                    1, settings.depth(), settings.readWeight(), settings.writeWeight(), true),
                counters)
            : new ThreadEngine(type.toString(), Math.min(MAX_THREADS, settings.depth()), counters);
    metrics.gauge(
        "kvbm.disk.engine.in.flight",
        () -> (double) engine.statistics().inFlight(),
        "engine",
        type.toString());
    return engine;
  }
}
