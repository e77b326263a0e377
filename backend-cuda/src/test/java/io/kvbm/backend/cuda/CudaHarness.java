package io.kvbm.backend.cuda;

import io.kvbm.api.spi.BackendProvider;
import io.kvbm.testkit.BackendHarness;
import io.kvbm.testkit.Feature;
import java.util.EnumSet;
import java.util.Map;
import java.util.stream.Collectors;

/** The cuda backend as the contracts see it. */
final class CudaHarness implements BackendHarness {

  @Override
  public BackendProvider provider() {
    return new CudaBackendProvider();
  }

  @Override
  public Map<Feature, String> unsupported() {
    return EnumSet.complementOf(EnumSet.of(Feature.ALLOCATION, Feature.TRANSFER)).stream()
        .collect(Collectors.toMap(feature -> feature, _ -> "it gives memory and moves it"));
  }
}
