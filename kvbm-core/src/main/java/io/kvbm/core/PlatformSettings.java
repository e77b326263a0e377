package io.kvbm.core;

import io.kvbm.api.spi.ConfigKey;
import io.kvbm.core.config.ConfigSchema;
import io.kvbm.core.config.CoreSettings;
import io.kvbm.core.config.KvbmConfig;
import io.kvbm.core.metrics.MicrometerMetrics;
import io.kvbm.core.transfer.TransferLimits;
import io.micrometer.core.instrument.Metrics;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** What a configuration says of a platform and its backends. */
final class PlatformSettings {

  private PlatformSettings() {}

  /**
   * {@return every setting of a platform with these backends} The newest version of a name has it
   * alone; where there are more, each also has {@code name@version}.
   */
  static ConfigSchema schema(BackendCatalog catalog) {
    Map<String, Long> versions =
        catalog.backends().stream()
            .collect(Collectors.groupingBy(InstalledBackend::name, Collectors.counting()));
    Map<String, List<ConfigKey>> backends = new LinkedHashMap<>();
    for (InstalledBackend backend : catalog.backends()) {
      backends.putIfAbsent(backend.name(), backend.configKeys());
      if (versions.getOrDefault(backend.name(), 0L) > 1) {
        backends.put(backend.identity(), backend.configKeys());
      }
    }
    return ConfigSchema.of(backends);
  }

  static void apply(KvbmConfig config, Platform.Builder builder) {
    if (config.isSet(CoreSettings.IO_THREADS)) {
      builder.ioThreads(config.requiredInt(CoreSettings.IO_THREADS));
    }
    config
        .byteSize(CoreSettings.MEMORY_BUDGET)
        .ifPresent(byteSize -> builder.memoryBudget(new LimitedMemory(byteSize)));
    if (config.string(CoreSettings.METRICS).filter("micrometer"::equals).isPresent()) {
      builder.metrics(MicrometerMetrics.of(Metrics.globalRegistry));
    }
    if (config.isSet(CoreSettings.LEAK_DETECTION)) {
      builder.leakDetection(config.bool(CoreSettings.LEAK_DETECTION).orElse(false));
    }
    if (setsLimits(config)) {
      builder.transferLimits(limits(config));
    }
    for (String backend : config.schema().backends()) {
      if (!config.backend(backend).values().isEmpty()) {
        builder.config(backend, config.backend(backend));
      }
    }
  }

  private static boolean setsLimits(KvbmConfig config) {
    return List.of(
            CoreSettings.MAX_QUEUED_BLOCKS,
            CoreSettings.MAX_BYTES_IN_FLIGHT,
            CoreSettings.MAX_BATCHES_IN_FLIGHT,
            CoreSettings.MAX_BATCH_BLOCKS,
            CoreSettings.BOUNCE_BYTE_SIZE,
            CoreSettings.STALL,
            CoreSettings.MAX_STALLED_BATCHES,
            CoreSettings.DRAIN)
        .stream()
        .anyMatch(config::isSet);
  }

  static TransferLimits limits(KvbmConfig config) {
    return new TransferLimits(
        config.requiredInt(CoreSettings.MAX_QUEUED_BLOCKS),
        config.byteSize(CoreSettings.MAX_BYTES_IN_FLIGHT).orElseThrow(),
        config.requiredInt(CoreSettings.MAX_BATCHES_IN_FLIGHT),
        config.requiredInt(CoreSettings.MAX_BATCH_BLOCKS),
        config.byteSize(CoreSettings.BOUNCE_BYTE_SIZE).orElseThrow(),
        config.duration(CoreSettings.STALL).orElseThrow().toNanos(),
        config.requiredInt(CoreSettings.MAX_STALLED_BATCHES),
        config.duration(CoreSettings.DRAIN).orElseThrow().toNanos());
  }
}
