package io.kvbm.cli.replay;

import io.kvbm.api.spi.BackendConfig;
import io.kvbm.core.config.CoreSettings;
import io.kvbm.core.config.KvbmConfig;
import io.kvbm.core.tier.CacheLevel;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * Chooses between options of the command line and a configuration: an option that was given wins;
 * where the configuration has tiers they are the tiers of the replay, else the defaults of the
 * options are.
 */
final class TierChoice {

  private final KvbmConfig config;
  private final Predicate<String> given;
  private final boolean configured;
  private final long blockByteSize;

  /**
   * @param config the configuration
   * @param given whether an option was on the command line
   * @param blockByteSize bytes of a block, which tiers given by bytes are divided by
   */
  TierChoice(KvbmConfig config, Predicate<String> given, long blockByteSize) {
    this.config = config;
    this.given = given;
    this.blockByteSize = blockByteSize;
    this.configured =
        Arrays.stream(CacheLevel.values())
            .anyMatch(
                level ->
                    config.isSet(CoreSettings.tier(level, CoreSettings.BLOCKS))
                        || config.isSet(CoreSettings.tier(level, CoreSettings.BYTE_SIZE_OF_TIER)));
  }

  int blocks(CacheLevel level, int option) {
    if (!configured || given.test("--" + level.text())) {
      return option;
    }
    int blocks = config.requiredInt(CoreSettings.tier(level, CoreSettings.BLOCKS));
    String path = CoreSettings.tier(level, CoreSettings.BYTE_SIZE_OF_TIER);
    long bytes = config.byteSize(path).orElse(0L);
    if (blocks > 0 || bytes == 0) {
      return blocks;
    }
    if (bytes < blockByteSize) {
      throw config.invalid(path, "a block takes %d bytes".formatted(blockByteSize), null);
    }
    return (int) Math.min(Integer.MAX_VALUE, bytes / blockByteSize);
  }

  String backend(CacheLevel level, String option) {
    return chosen(level, CoreSettings.BACKEND, "--" + level.text() + "-backend", option);
  }

  String policy(CacheLevel level, String option) {
    return chosen(level, CoreSettings.POLICY, "--policy", option);
  }

  private String chosen(CacheLevel level, String name, String option, String value) {
    String path = CoreSettings.tier(level, name);
    boolean fromConfig = !given.test(option) && (configured || config.isSet(path));
    return fromConfig ? config.string(path).orElse(value) : value;
  }

  /** {@return what is configured of each backend, by its name} */
  Map<String, BackendConfig> settings() {
    Map<String, BackendConfig> settings = new TreeMap<>();
    for (String backend : config.schema().backends()) {
      settings.put(backend, config.backend(backend));
    }
    return settings;
  }
}
