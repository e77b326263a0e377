package io.kvbm.api.policy;

import io.kvbm.api.Stability;
import java.util.List;

/** Decides which tier data should live in. Threading: safe from any thread. */
@Stability(Stability.Level.PREVIEW)
@FunctionalInterface
public interface PlacementPolicy {

  /**
   * {@return where to put the data and why}
   *
   * @param accessFrequency how often it is used, 0 to 1
   * @param byteSize its length in bytes
   * @param present storage kinds there are, fastest first
   */
  Placement place(double accessFrequency, long byteSize, List<String> present);

  /**
   * A decision.
   *
   * @param storageKind the tier chosen, one of those present
   * @param preferred the tier that would have been chosen if every kind were there
   * @param reason one line
   */
  record Placement(String storageKind, String preferred, String reason) {
    /** {@return whether the preferred tier is absent} */
    public boolean isFallback() {
      return !storageKind.equals(preferred);
    }
  }
}
