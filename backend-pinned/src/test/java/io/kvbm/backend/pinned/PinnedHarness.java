package io.kvbm.backend.pinned;

import io.kvbm.api.spi.BackendProvider;
import io.kvbm.testkit.BackendHarness;
import io.kvbm.testkit.Feature;
import java.util.EnumSet;
import java.util.Map;
import java.util.stream.Collectors;

/** The pinned backend as the contracts see it. */
final class PinnedHarness implements BackendHarness {

  @Override
  public BackendProvider provider() {
    return new PinnedBackendProvider();
  }

  @Override
  public Map<Feature, String> unsupported() {
    return EnumSet.complementOf(EnumSet.of(Feature.ALLOCATION)).stream()
        .collect(Collectors.toMap(feature -> feature, _ -> "it gives memory only"));
  }
}
