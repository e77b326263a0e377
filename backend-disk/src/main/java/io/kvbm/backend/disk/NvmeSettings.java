package io.kvbm.backend.disk;

import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.spi.ConfigKey;
import java.util.List;
import java.util.Locale;

/** The settings of object stores of this backend. */
final class NvmeSettings {

  /** Holds the stores, in the backend's directory. */
  static final String DIRECTORY = "objects";

  private static final StorageConfig DEFAULTS = StorageConfig.defaults();

  static final List<ConfigKey> KEYS =
      List.of(
          new ConfigKey(
                  "objectCacheSize",
                  ConfigKey.Type.BYTE_SIZE,
                  "0",
                  "memory for hot values of an object store; 0 for none")
              .withRange(0, Long.MAX_VALUE),
          new ConfigKey(
                  "objectCompression",
                  ConfigKey.Type.STRING,
                  "none",
                  "codec of new values of object stores, used where it saves 3 %")
              .withChoices("none", "lz4", "zstd", "gzip"),
          new ConfigKey(
                  "objectPrefetchDistance",
                  ConfigKey.Type.INTEGER,
                  "0",
                  "pages of 4096 bytes to read ahead of a sequential reader of an object")
              .withRange(0, 1 << 20),
          new ConfigKey(
                  "objectSegmentSize",
                  ConfigKey.Type.BYTE_SIZE,
                  "64MiB",
                  "length of a file of an object store's log")
              .withRange(64 << 10, 1 << 30));

  private NvmeSettings() {}

  static StorageConfig of(BackendConfig config, DiskSettings settings) {
    return StorageConfig.builder()
        .directIo(settings.direct() != DirectAccess.OFF)
        .ioDepth(settings.ioDepth())
        .cacheSize(config.byteSize("objectCacheSize").orElse(0L))
        .compression(
            config
                .string("objectCompression")
                .map(text -> CompressionType.valueOf(text.strip().toUpperCase(Locale.ROOT)))
                .orElse(CompressionType.NONE))
        .prefetchDistance(config.integer("objectPrefetchDistance").orElse(0L).intValue())
        .segmentSize(config.byteSize("objectSegmentSize").orElse(DEFAULTS.segmentSize()))
        .build();
  }
}
