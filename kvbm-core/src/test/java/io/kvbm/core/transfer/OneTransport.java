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

/**
 * An environment with one transport and no host memory to go by.
 *
 * @param transport moves everything
 */
public record OneTransport(
    Transport transport, Clock clock, Executor executor, Deadlines deadlines, MetricsSink metrics)
    implements TransferEnvironment {

  @Override
  public List<Transport> transports() {
    return List.of(transport);
  }

  @Override
  public List<Transport> transportsFor(Route route) {
    return transports();
  }

  @Override
  public Optional<StorageAllocator> hostAllocator(String kind) {
    return Optional.empty();
  }
}
