package io.kvbm.testkit.broken;

import io.kvbm.api.spi.BackendProvider;
import io.kvbm.testkit.BackendHarness;
import io.kvbm.testkit.Feature;
import java.util.Map;

/**
 * A fixture as the contracts see it.
 *
 * @param provider the fixture
 */
record FixtureHarness(BackendProvider provider) implements BackendHarness {

  @Override
  public Map<Feature, String> unsupported() {
    String reason = "the fixture allocates and moves only";
    return Map.of(
        Feature.LAYOUTS, reason,
        Feature.BLOCK_STORE, reason,
        Feature.OBJECT_STORE, reason,
        Feature.LOG, reason);
  }
}
