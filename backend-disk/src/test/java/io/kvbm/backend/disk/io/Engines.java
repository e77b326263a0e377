package io.kvbm.backend.disk.io;

import io.kvbm.api.metrics.MetricsSink;
import java.util.List;

/** Engines for tests that are about something else. */
public final class Engines {

  private Engines() {}

  /** {@return an engine of threads; the caller closes it} */
  public static IoEngine threads(EngineType type, int depth) {
    return new EngineChoice(type, List.of())
        .open(new EngineSettings(type, depth, 1, 1), MetricsSink.NULL);
  }
}
