package io.kvbm.core.retention;

import java.util.List;
import java.util.Map;

/**
 * What is kept in some tiers and what was dropped.
 *
 * @param pins what is pinned, by tier
 * @param leases what is leased, by tier
 * @param lives what may expire and did
 * @param namespaces what each namespace has in each tier; empty where there are none
 */
public record RetentionStatistics(
    Map<String, PinStatistics> pins,
    Map<String, LeaseStatistics> leases,
    TimeToLive.Statistics lives,
    List<NamespaceUsage> namespaces) {
  /** Copies the collections. */
  public RetentionStatistics {
    pins = Map.copyOf(pins);
    leases = Map.copyOf(leases);
    namespaces = List.copyOf(namespaces);
  }
}
