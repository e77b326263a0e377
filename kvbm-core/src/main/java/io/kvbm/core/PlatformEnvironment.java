package io.kvbm.core;

import io.kvbm.api.KvbmException;
import io.kvbm.api.metrics.MetricsSink;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.spi.Clock;
import io.kvbm.api.storage.StorageAllocator;
import io.kvbm.api.transfer.Route;
import io.kvbm.api.transfer.Transport;
import io.kvbm.core.plugin.OneLine;
import io.kvbm.core.time.Deadlines;
import io.kvbm.core.transfer.TransferEnvironment;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;

/** What the transfer engine sees of a platform. */
final class PlatformEnvironment implements TransferEnvironment {

  private static final System.Logger LOG = System.getLogger(PlatformEnvironment.class.getName());

  private final Platform platform;
  private final BackendCatalog catalog;
  private final OpenBackends open;
  private final Executor callbacks;
  private final Deadlines deadlines;
  private final Map<String, Boolean> kindsTried = new ConcurrentHashMap<>();

  PlatformEnvironment(
      Platform platform,
      BackendCatalog catalog,
      OpenBackends open,
      Executor callbacks,
      Deadlines deadlines) {
    this.platform = platform;
    this.catalog = catalog;
    this.open = open;
    this.callbacks = callbacks;
    this.deadlines = deadlines;
  }

  @Override
  public List<Transport> transports() {
    return open.transports();
  }

  /** Opens the backends of both ends, once, for storages that were made without the platform. */
  @Override
  public List<Transport> transportsFor(Route route) {
    openKind(route.source().kind());
    openKind(route.target().kind());
    return open.transports();
  }

  /** Whoever comes while another thread opens the kind waits for it, or would find no route. */
  private void openKind(String kind) {
    kindsTried.computeIfAbsent(
        kind,
        _ -> {
          catalog.candidates(kind).forEach(this::tryOpen);
          return true;
        });
  }

  private void tryOpen(InstalledBackend installed) {
    BackendConfig config = platform.configured(installed);
    if (!installed.probe(config).isAvailable()) {
      return;
    }
    try {
      open.get(installed, config);
    } catch (KvbmException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "backend {0} gives no transports: {1}",
          installed.name(),
          OneLine.of(e));
    }
  }

  @Override
  public Optional<StorageAllocator> hostAllocator(String kind) {
    if (catalog.candidates(kind).isEmpty()) {
      return Optional.empty();
    }
    try {
      return Optional.of(platform.allocator(kind));
    } catch (KvbmException e) {
      // Installed and of no use here, such as page-locking without a driver: the next kind will do.
      LOG.log(
          System.Logger.Level.DEBUG, "no {0} memory to bounce through: {1}", kind, OneLine.of(e));
      return Optional.empty();
    }
  }

  @Override
  public Clock clock() {
    return platform.clock();
  }

  @Override
  public Executor executor() {
    return callbacks;
  }

  @Override
  public MetricsSink metrics() {
    return platform.ownMetrics();
  }

  @Override
  public Deadlines deadlines() {
    return deadlines;
  }
}
