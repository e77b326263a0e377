package io.kvbm.api.store;

import io.kvbm.api.Stability;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * What a store holds and did since it was opened.
 *
 * @param objects how many objects it holds
 * @param valueByteSize their bytes as callers see them
 * @param storedByteSize their bytes as they are kept: compressed, with headers and padding
 * @param fileByteSize all bytes the store's files take
 * @param reclaimableByteSize bytes of files that {@link MaintainedStore#compact} could give back
 * @param durability what a synced write means here
 * @param counters other numbers by name, such as {@code puts}, {@code cacheHits}, {@code syncs}, in
 *     the order to show them; names are {@code camelCase} and end in their unit where they have one
 * @param details words by name, such as {@code engine} and {@code medium}, in the order to show
 *     them
 */
@Stability(Stability.Level.PREVIEW)
public record StoreStatistics(
    long objects,
    long valueByteSize,
    long storedByteSize,
    long fileByteSize,
    long reclaimableByteSize,
    DurabilityClaim durability,
    Map<String, Long> counters,
    Map<String, String> details) {

  /** Copies the maps and keeps their order. */
  public StoreStatistics {
    Objects.requireNonNull(durability, "durability");
    counters = Collections.unmodifiableMap(new LinkedHashMap<>(counters));
    details = Collections.unmodifiableMap(new LinkedHashMap<>(details));
  }
}
