package io.kvbm.backend.system;

import io.kvbm.api.spi.BackendProvider;
import io.kvbm.testkit.BackendHarness;
import io.kvbm.testkit.Feature;
import java.util.Map;

/** The system backend as the contracts see it. */
final class SystemHarness implements BackendHarness {

  @Override
  public BackendProvider provider() {
    return new SystemBackendProvider();
  }

  @Override
  public Map<Feature, String> unsupported() {
    return Map.of(
        Feature.LAYOUTS, "the platform's own layouts fit host memory",
        Feature.DISK, "memory is no disk",
        Feature.BLOCK_STORE_PERSISTENT, "memory does not outlive its store",
        Feature.OBJECT_PERSISTENT, "memory does not outlive its store",
        Feature.OBJECT_SYNC, "memory is no stable medium");
  }
}
