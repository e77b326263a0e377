package org.example.zstdmemory;

import io.kvbm.api.spi.BackendProvider;
import io.kvbm.testkit.BackendHarness;
import io.kvbm.testkit.Feature;
import java.util.Map;

/** The backend as kvbm's published contracts see it. */
final class ZstdMemoryHarness implements BackendHarness {

  @Override
  public BackendProvider provider() {
    return new ZstdMemoryProvider();
  }

  @Override
  public Map<Feature, String> unsupported() {
    return Map.of(
        Feature.ALLOCATION, "compressed bytes have no address to hand out",
        Feature.TRANSFER, "blocks are written and read by key",
        Feature.LAYOUTS, "the platform's own layouts fit",
        Feature.BLOCK_STORE_PERSISTENT, "memory does not outlive its store",
        Feature.OBJECT_STORE, "it keeps blocks only",
        Feature.LOG, "it keeps blocks only",
        Feature.DISK, "memory is no disk");
  }
}
