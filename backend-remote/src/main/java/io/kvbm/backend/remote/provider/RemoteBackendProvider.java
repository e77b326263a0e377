package io.kvbm.backend.remote.provider;

import io.kvbm.api.KvbmException;
import io.kvbm.api.spi.Availability;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.spi.BackendContext;
import io.kvbm.api.spi.BackendProvider;
import io.kvbm.api.spi.ConfigKey;
import io.kvbm.api.spi.Spi;
import io.kvbm.api.spi.SpiVersion;
import io.kvbm.backend.remote.AgentSettings;
import io.kvbm.backend.remote.directory.kinds.Directories;
import io.kvbm.backend.remote.ucx.UcxOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** The {@code remote} backend: memory and blocks of other processes. */
public final class RemoteBackendProvider implements BackendProvider {

  private static final String NAME = "remote";
  private static final Duration MOST_UCX_TIMEOUT = Duration.ofHours(1);

  /** Creates the provider; called by {@link java.util.ServiceLoader}. */
  public RemoteBackendProvider() {}

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public SpiVersion builtFor() {
    return new SpiVersion(Spi.MAJOR, Spi.MINOR);
  }

  @Override
  public Set<String> storageKinds() {
    return Set.of("remote");
  }

  @Override
  public List<ConfigKey> configKeys() {
    List<ConfigKey> keys = new ArrayList<>(AgentSettings.keys());
    keys.addAll(Directories.settings());
    return List.copyOf(keys);
  }

  @Override
  public Availability probe(BackendConfig config) {
    try {
      config.validate(NAME, configKeys());
      AgentSettings settings = AgentSettings.of(config);
      ucx(settings); // names its mistakes
      return new Availability.Available(settings.toString());
    } catch (KvbmException e) {
      return new Availability.Unavailable(e.getMessage().replace('\n', ' '));
    } catch (RuntimeException e) {
      return new Availability.Unavailable(
          "the settings cannot be used: " + e.getClass().getSimpleName());
    }
  }

  @Override
  public Backend open(BackendContext context, BackendConfig config) {
    config.validate(NAME, configKeys());
    AgentSettings settings = AgentSettings.of(config);
    return new RemoteBackend(context, settings, ucx(settings), Directories.open(context, config));
  }

  /** {@return how a path of UCX is set up, were one wanted} */
  private static UcxOptions ucx(AgentSettings settings) {
    AgentSettings.Ucx ucx = settings.ucx();
    Duration timeout = settings.requestTimeout();
    return new UcxOptions(
        ucx.devices(),
        ucx.transports(),
        ucx.busyPoll(),
        ucx.maxInFlight(),
        timeout.compareTo(MOST_UCX_TIMEOUT) > 0 ? MOST_UCX_TIMEOUT : timeout,
        UcxOptions.DEFAULTS.keepalive());
  }
}
