package io.kvbm.core.retention;

import io.kvbm.api.block.BlockKey;
import java.util.List;

/** Leases of several tiers that are held and end together. */
final class LeaseGroup implements Lease {

  private final List<BlockKey> keys;
  private final List<Lease> leases;

  LeaseGroup(List<BlockKey> keys, List<Lease> leases) {
    this.keys = List.copyOf(keys);
    this.leases = List.copyOf(leases);
  }

  @Override
  public List<BlockKey> keys() {
    return keys;
  }

  @Override
  public boolean renew(long durationNanos) {
    boolean all = true;
    for (Lease lease : leases) {
      all &= lease.renew(durationNanos);
    }
    return all;
  }

  @Override
  public boolean isActive() {
    return leases.stream().allMatch(Lease::isActive);
  }

  @Override
  public void close() {
    leases.forEach(Lease::close);
  }
}
