package io.kvbm.backend.disk.slab;

import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.policy.AdmissionPolicy;
import org.jspecify.annotations.Nullable;

/** Which blocks are worth writing, and whether the day's budget has room for them. */
final class WriteAdmission {

  private final AdmissionPolicy policy;
  private final @Nullable WriteBudget budget;
  private final SlabMeters meters;

  WriteAdmission(AdmissionPolicy policy, @Nullable WriteBudget budget, SlabMeters meters) {
    this.policy = policy;
    this.budget = budget;
    this.meters = meters;
  }

  /**
   * Counts a write against the budget.
   *
   * @throws CapacityException if the block is not to be written
   */
  void admit(BlockKey key, long byteSize, long priority) {
    if (!policy.admit(key, byteSize, priority)) {
      meters.rejected("admission");
      throw refused("block %s is seen for the first time (admission)".formatted(key), byteSize, 0);
    }
    WriteBudget daily = budget;
    if (daily != null && !daily.tryTake(byteSize)) {
      meters.rejected("budget");
      throw refused(
          "the daily write budget has no room for block %s (dailyWriteBudget)".formatted(key),
          byteSize,
          daily.available());
    }
  }

  private static CapacityException refused(String why, long requested, long available) {
    return new CapacityException(
        ErrorCode.ALLOCATION_FAILED,
        "not written: %s; %d bytes asked for, %d left".formatted(why, requested, available),
        requested,
        available);
  }
}
