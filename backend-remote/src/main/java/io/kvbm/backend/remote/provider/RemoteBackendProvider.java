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
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** The {@code remote} backend: memory and blocks of other processes. */
public final class RemoteBackendProvider implements BackendProvider {

  private static final String NAME = "remote";

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
    return new RemoteBackend(context, AgentSettings.of(config), Directories.open(context, config));
  }
}
