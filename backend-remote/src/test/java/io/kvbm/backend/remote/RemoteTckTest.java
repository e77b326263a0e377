package io.kvbm.backend.remote;

import io.kvbm.api.spi.BackendProvider;
import io.kvbm.testkit.BackendHarness;
import io.kvbm.testkit.Feature;
import io.kvbm.testkit.contract.BackendTck;
import java.util.EnumSet;
import java.util.Map;
import java.util.stream.Collectors;

/** Every contract of a backend, between two agents of one process. */
class RemoteTckTest extends BackendTck {

  @Override
  protected BackendHarness harness() {
    return new BackendHarness() {
      @Override
      public BackendProvider provider() {
        return new ReservingProvider();
      }

      @Override
      public double effort() {
        return 0.1;
      }

      @Override
      public Map<Feature, String> unsupported() {
        return EnumSet.complementOf(EnumSet.of(Feature.ALLOCATION, Feature.TRANSFER)).stream()
            .collect(Collectors.toMap(feature -> feature, _ -> "it reaches memory of peers only"));
      }
    };
  }
}
