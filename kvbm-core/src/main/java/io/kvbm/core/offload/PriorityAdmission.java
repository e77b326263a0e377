package io.kvbm.core.offload;

import io.kvbm.api.block.BlockKey;
import io.kvbm.api.policy.AdmissionPolicy;

/**
 * Admits blocks from an offload priority on.
 *
 * @param least the lowest that is admitted
 */
public record PriorityAdmission(long least) implements AdmissionPolicy {

  @Override
  public boolean admit(BlockKey key, long byteSize, long priority) {
    return priority >= least;
  }
}
