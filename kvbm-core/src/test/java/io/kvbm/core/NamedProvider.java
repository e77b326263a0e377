package io.kvbm.core;

import io.kvbm.api.spi.Availability;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.spi.BackendContext;
import io.kvbm.api.spi.BackendProvider;
import io.kvbm.api.spi.ConfigKey;
import io.kvbm.api.spi.Spi;
import io.kvbm.api.spi.SpiVersion;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/** A provider whose every answer the test chooses. */
record NamedProvider(
    String name,
    int priority,
    SpiVersion builtFor,
    Set<String> storageKinds,
    Availability availability,
    Function<BackendContext, Backend> opener)
    implements BackendProvider {

  static NamedProvider of(String name, String... kinds) {
    return new NamedProvider(
        name,
        100,
        new SpiVersion(Spi.MAJOR, Spi.MINOR),
        Set.of(kinds),
        new Availability.Available("here"),
        _ -> () -> {});
  }

  NamedProvider withPriority(int value) {
    return new NamedProvider(name, value, builtFor, storageKinds, availability, opener);
  }

  NamedProvider builtFor(int major, int minor) {
    return new NamedProvider(
        name, priority, new SpiVersion(major, minor), storageKinds, availability, opener);
  }

  NamedProvider unavailable(String reason) {
    return new NamedProvider(
        name, priority, builtFor, storageKinds, new Availability.Unavailable(reason), opener);
  }

  NamedProvider opening(Function<BackendContext, Backend> value) {
    return new NamedProvider(name, priority, builtFor, storageKinds, availability, value);
  }

  @Override
  public List<ConfigKey> configKeys() {
    return List.of(new ConfigKey("depth", ConfigKey.Type.INTEGER, "1", "how deep"));
  }

  @Override
  public Availability probe(BackendConfig config) {
    return availability;
  }

  @Override
  public Backend open(BackendContext context, BackendConfig config) {
    return opener.apply(context);
  }
}
