package io.kvbm.bench.store;

import io.kvbm.api.store.Durability;
import java.util.Map;
import java.util.TreeMap;

/**
 * What all contestants are opened with.
 *
 * @param durability of puts
 * @param cacheByteSize how much memory each may use to keep values
 * @param settings of our backend, besides
 */
record StoreSetup(Durability durability, long cacheByteSize, Map<String, String> settings) {

  /** Puts the settings in order. */
  StoreSetup {
    settings = new TreeMap<>(settings);
  }

  StoreSetup with(Durability other) {
    return new StoreSetup(other, cacheByteSize, settings);
  }
}
