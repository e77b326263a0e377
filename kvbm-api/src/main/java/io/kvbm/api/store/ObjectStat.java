package io.kvbm.api.store;

import io.kvbm.api.Stability;
import java.util.Objects;

/**
 * What a store knows of an object.
 *
 * @param key its key
 * @param byteSize its length in bytes, before any compression
 * @param version changes with every put of the key
 */
@Stability(Stability.Level.STABLE)
public record ObjectStat(String key, long byteSize, long version) {
  /** Checks that there is a key. */
  public ObjectStat {
    Objects.requireNonNull(key, "key");
  }
}
