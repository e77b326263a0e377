package org.example.zstdmemory;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
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

/** The {@code zstd-memory} backend: blocks, compressed, in host memory. */
public final class ZstdMemoryProvider implements BackendProvider {

  private static final String NAME = "zstd-memory";
  private static final ConfigKey LEVEL =
      new ConfigKey("level", ConfigKey.Type.INTEGER, "1", "Compression level, from -7 to 22");
  private static final ConfigKey CAPACITY =
      new ConfigKey(
          "capacity",
          ConfigKey.Type.BYTE_SIZE,
          "",
          "The most bytes all compressed blocks take, for instance 4GiB; without it what the"
              + " blocks would take uncompressed");

  /** Creates the provider; called by {@link java.util.ServiceLoader}. */
  public ZstdMemoryProvider() {}

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
    return Set.of("system");
  }

  /** {@inheritDoc} Below the platform's own memory, so that nobody gets this one unasked. */
  @Override
  public int priority() {
    return 10;
  }

  @Override
  public List<ConfigKey> configKeys() {
    return List.of(LEVEL, CAPACITY);
  }

  @Override
  public Availability probe(BackendConfig config) {
    try {
      config.validate(NAME, configKeys());
      level(config);
      capacity(config);
      return new Availability.Available(LoadedZstd.describe());
    } catch (KvbmException e) {
      return new Availability.Unavailable(e.getMessage());
    } catch (LinkageError | RuntimeException e) {
      return new Availability.Unavailable("zstd's native library cannot be loaded: " + e);
    }
  }

  @Override
  public Backend open(BackendContext context, BackendConfig config) {
    config.validate(NAME, configKeys());
    return new ZstdMemoryBackend(context, level(config), capacity(config));
  }

  private static int level(BackendConfig config) {
    String text = config.string(LEVEL.name()).orElse(LEVEL.defaultValue());
    try {
      int level = Integer.parseInt(text);
      if (level >= -7 && level <= 22) {
        return level;
      }
    } catch (NumberFormatException e) {
      // told below
    }
    throw new ConfigurationException(
        ErrorCode.INVALID_CONFIG, "level must be a number from -7 to 22, got '" + text + "'");
  }

  private static long capacity(BackendConfig config) {
    return config.byteSize(CAPACITY.name()).orElse(Long.MAX_VALUE);
  }
}
