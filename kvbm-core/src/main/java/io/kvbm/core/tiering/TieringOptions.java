package io.kvbm.core.tiering;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.policy.AdmissionPolicy;
import io.kvbm.core.cost.GateMode;
import io.kvbm.core.cost.RecomputeCost;
import io.kvbm.core.offload.OffloadEdge;
import io.kvbm.core.offload.OffloadLimits;
import io.kvbm.core.offload.WritePolicy;
import io.kvbm.core.tier.Verification;
import io.kvbm.core.transfer.TransferLimits;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How tiers work together.
 *
 * @param writes when blocks go down, by edge: one for each pair of neighbouring tiers, the upper
 *     first; what is missing at the end is {@link WritePolicy#BACK}
 * @param sightings at which sighting a selective edge copies a block
 * @param admissions which blocks may go down, by edge, the upper first; what is missing at the end
 *     lets every block pass
 * @param offloads what an edge may have queued and in flight; when a batch of it counts as stalled
 *     follows from the transfers
 * @param transfers the limits of the engine that moves bytes
 * @param gate what the cost gate does
 * @param recompute what it takes to compute blocks; needed unless the gate is off
 * @param demotionNanos how long an allocation waits for blocks to be moved out of its way before it
 *     drops them; a route that failed to twice in a row is left alone for as long, then longer
 * @param verification which movements are checked end to end
 */
public record TieringOptions(
    List<WritePolicy> writes,
    int sightings,
    List<AdmissionPolicy> admissions,
    OffloadLimits offloads,
    TransferLimits transfers,
    GateMode gate,
    @Nullable RecomputeCost recompute,
    long demotionNanos,
    Verification verification) {

  /** Write-back edges, no gate, five seconds for a demotion, checks along stores. */
  public static final TieringOptions DEFAULT =
      new TieringOptions(
          List.of(),
          OffloadEdge.DEFAULT_SIGHTINGS,
          List.of(),
          OffloadLimits.DEFAULT,
          TransferLimits.DEFAULT,
          GateMode.OFF,
          null,
          5_000_000_000L,
          Verification.STORES);

  /** Checks the values. */
  public TieringOptions {
    writes = List.copyOf(writes);
    admissions = List.copyOf(admissions);
    Objects.requireNonNull(offloads, "offloads");
    Objects.requireNonNull(transfers, "transfers");
    Objects.requireNonNull(verification, "verification");
    if (gate != GateMode.OFF && recompute == null) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "the cost gate is to compare loads with computing; say how fast that is");
    }
    if (demotionNanos < 1) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT, "demotionNanos must be at least 1, got " + demotionNanos);
    }
  }

  /**
   * {@return when blocks go from a tier to the next one}
   *
   * @param upper the index of the tier
   */
  public WritePolicy write(int upper) {
    return upper < writes.size() ? writes.get(upper) : WritePolicy.BACK;
  }

  /**
   * {@return which blocks may go from a tier to the next one}
   *
   * @param upper the index of the tier
   */
  public AdmissionPolicy admission(int upper) {
    return upper < admissions.size() ? admissions.get(upper) : AdmissionPolicy.PASS_ALL;
  }

  /**
   * {@return these options with other admissions}
   *
   * @param value one for each edge, the upper first; asked once for each block that is to go down
   */
  public TieringOptions withAdmissions(List<AdmissionPolicy> value) {
    return new TieringOptions(
        writes,
        sightings,
        value,
        offloads,
        transfers,
        gate,
        recompute,
        demotionNanos,
        verification);
  }

  /**
   * {@return these options with another number of sightings}
   *
   * @param value at which sighting a selective edge copies a block
   */
  public TieringOptions withSightings(int value) {
    return new TieringOptions(
        writes,
        value,
        admissions,
        offloads,
        transfers,
        gate,
        recompute,
        demotionNanos,
        verification);
  }

  /**
   * {@return these options with other write policies}
   *
   * @param value one for each edge, the upper first
   */
  public TieringOptions withWrites(List<WritePolicy> value) {
    return new TieringOptions(
        value,
        sightings,
        admissions,
        offloads,
        transfers,
        gate,
        recompute,
        demotionNanos,
        verification);
  }

  /**
   * {@return these options with a cost gate}
   *
   * @param mode what it does
   * @param cost what it takes to compute blocks; needed unless the mode is off
   */
  public TieringOptions withGate(GateMode mode, @Nullable RecomputeCost cost) {
    return new TieringOptions(
        writes,
        sightings,
        admissions,
        offloads,
        transfers,
        mode,
        cost,
        demotionNanos,
        verification);
  }

  /**
   * {@return these options with another patience for demotions}
   *
   * @param value how long an allocation waits
   */
  public TieringOptions withDemotionNanos(long value) {
    return new TieringOptions(
        writes, sightings, admissions, offloads, transfers, gate, recompute, value, verification);
  }

  /**
   * {@return these options with other checks of movements}
   *
   * @param value which are checked end to end
   */
  public TieringOptions withVerification(Verification value) {
    return new TieringOptions(
        writes, sightings, admissions, offloads, transfers, gate, recompute, demotionNanos, value);
  }

  /**
   * {@return these options with other limits of transfers}
   *
   * @param value those of the engine that moves bytes
   */
  public TieringOptions withTransfers(TransferLimits value) {
    return new TieringOptions(
        writes,
        sightings,
        admissions,
        offloads,
        value,
        gate,
        recompute,
        demotionNanos,
        verification);
  }
}
