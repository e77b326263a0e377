package io.kvbm.core.transfer;

import io.kvbm.api.metrics.MetricsSink;
import io.kvbm.api.spi.Clock;
import io.kvbm.api.storage.StorageAllocator;
import io.kvbm.api.transfer.Route;
import io.kvbm.api.transfer.Transport;
import io.kvbm.core.time.Deadlines;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;

/** What a transfer engine runs on. Threading: safe from any thread. */
public interface TransferEnvironment {

  /** {@return every transport there is; cheap enough for each transfer} */
  List<Transport> transports();

  /**
   * {@return every transport there is, after opening what may serve a route that none of {@link
   * #transports()} supports}
   *
   * @param route the route wanted
   */
  List<Transport> transportsFor(Route route);

  /**
   * {@return what allocates host memory to go by, if there is any of that kind}
   *
   * @param kind {@code pinned} or {@code system}
   */
  Optional<StorageAllocator> hostAllocator(String kind);

  /** {@return time} */
  Clock clock();

  /** {@return where continuations of callers run} */
  Executor executor();

  /** {@return where to report} */
  MetricsSink metrics();

  /** {@return what ends transfers at their deadlines; its time is that of {@link #clock()}} */
  Deadlines deadlines();
}
