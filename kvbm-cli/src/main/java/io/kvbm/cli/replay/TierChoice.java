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

  /**
   * @param config the configuration
   * @param given whether an option was on the command line
   */
  TierChoice(KvbmConfig config, Predicate<String> given) {
    this.config = config;
    this.given = given;
    this.configured =
        Arrays.stream(CacheLevel.values())
            .anyMatch(level -> config.isSet(CoreSettings.tier(level, CoreSettings.BLOCKS)));
  }

  int blocks(CacheLevel level, int option) {
    return !configured || given.test("--" + level.text())
        ? option
        : config.requiredInt(CoreSettings.tier(level, CoreSettings.BLOCKS));
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
