package io.kvbm.core;

import io.kvbm.core.config.CoreSettings;
import io.kvbm.core.config.KvbmConfig;
import io.kvbm.core.remote.SharingOptions;
import io.kvbm.core.tier.CacheLevel;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;

/** Reads how blocks are shared from a configuration. */
final class SharingSettings {

  private SharingSettings() {}

  static SharingOptions read(KvbmConfig config) {
    String directory = config.string(CoreSettings.SHARING_DIRECTORY).orElse("none");
    SharingOptions defaults = SharingOptions.DEFAULT;
    return defaults
        .withDirectory(directory.equals("none") ? "" : directory)
        .withLend(lend(config))
        .withWritable(config.bool(CoreSettings.SHARING_WRITABLE).orElse(false))
        .withStagingByteSize(
            config.byteSize(CoreSettings.SHARING_STAGING).orElse(defaults.stagingByteSize()))
        .withFetches(
            config.duration(CoreSettings.SHARING_TIMEOUT).orElse(defaults.fetchTimeout()),
            config.requiredInt(CoreSettings.SHARING_MAX_BLOCKS),
            defaults.maxFetches())
        .withLoans(config.requiredInt(CoreSettings.SHARING_MAX_LENT), defaults.loanTime())
        .withPublish(config.bool(CoreSettings.SHARING_PUBLISH).orElse(true));
  }

  private static Set<CacheLevel> lend(KvbmConfig config) {
    Set<CacheLevel> lent = EnumSet.noneOf(CacheLevel.class);
    for (String name : config.string(CoreSettings.SHARING_LEND).orElse("").split(",", -1)) {
      String text = name.strip();
      if (text.isEmpty() || text.equals("none")) {
        continue;
      }
      lent.add(
          Arrays.stream(CacheLevel.values())
              .filter(level -> level.text().equals(text))
              .findFirst()
              .orElseThrow(
                  () ->
                      config.invalid(
                          CoreSettings.SHARING_LEND,
                          "'%s' is no tier; there are device, host and disk".formatted(text),
                          null)));
    }
    return lent;
  }
}
