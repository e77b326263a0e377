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

/** Provider classes that a class loader finds, most of them wrong in one way. */
final class BrokenProviders {

  private BrokenProviders() {}

  /** Nothing wrong. */
  public static class Sound implements BackendProvider {
    /** For the service loader. */
    public Sound() {}

    @Override
    public String name() {
      return "sound";
    }

    @Override
    public SpiVersion builtFor() {
      return new SpiVersion(Spi.MAJOR, Spi.MINOR);
    }

    @Override
    public Set<String> storageKinds() {
      return Set.of("echo");
    }

    @Override
    public List<ConfigKey> configKeys() {
      return List.of();
    }

    @Override
    public Availability probe(BackendConfig config) {
      return new Availability.Available("always");
    }

    @Override
    public Backend open(BackendContext context, BackendConfig config) {
      return () -> {};
    }
  }

  /** Cannot be created. */
  public static final class ThrowsWhenCreated extends Sound {
    /** For the service loader. */
    public ThrowsWhenCreated() {
      throw new UnsupportedOperationException("libmissing.so.3 is not there");
    }
  }

  /** Cannot be initialised. */
  public static final class ThrowsWhenLoaded extends Sound {
    private static final int VALUE = Integer.parseInt("not a number");

    /** For the service loader. */
    public ThrowsWhenLoaded() {}

    @Override
    public int priority() {
      return VALUE;
    }
  }

  /** Has a name nobody may have. */
  public static final class Misnamed extends Sound {
    /** For the service loader. */
    public Misnamed() {}

    @Override
    public String name() {
      return "Not A Name";
    }
  }
}
