package io.kvbm.cli.replay;

import io.kvbm.api.ErrorCode;
import io.kvbm.core.tier.RouteUse;
import java.util.List;

/**
 * What went wrong on purpose, in blocks, and what the tiers noticed of it.
 *
 * @param failed copies that failed
 * @param corrupted copies that arrived damaged
 * @param stalled copies that were not heard of for too long
 * @param caught what the tiers told of: failures, damage, stalls
 */
record FaultReport(long failed, long corrupted, long stalled, long caught) {

  static final FaultReport NONE = new FaultReport(0, 0, 0, 0);

  static FaultReport of(Faults faults, List<RouteUse> routes, long stalledBlocks) {
    long caught = stalledBlocks;
    for (RouteUse route : routes) {
      caught += route.failures(ErrorCode.OPERATION_FAILED) + route.failures(ErrorCode.CORRUPT);
    }
    return new FaultReport(faults.failed(), faults.damaged(), faults.stalled(), caught);
  }

  /** {@return blocks that nobody noticed; below 0 where more went wrong than was meant to} */
  long missed() {
    return failed + corrupted + stalled - caught;
  }
}
