package io.kvbm.core.offload;

import io.kvbm.api.policy.AdmissionPolicy;
import io.kvbm.api.spi.Clock;
import org.jspecify.annotations.Nullable;

/** Decides which blocks come into the queue of an edge. Threading: safe from any thread. */
final class EdgeGate {

  /** So many blocks per block of the source tier are told apart when sightings are counted. */
  private static final int EXPECTED_PER_BLOCK = 8;

  private static final int MIN_EXPECTED = 1024;
  private static final int MAX_EXPECTED = 1 << 24;

  private final OffloadEdge edge;

  /** Which registered blocks were seen often enough, or null where blocks are not offered. */
  private final @Nullable AdmissionPolicy unasked;

  EdgeGate(OffloadEdge edge, Clock clock) {
    this.edge = edge;
    this.unasked =
        switch (edge.write()) {
          case THROUGH -> AdmissionPolicy.PASS_ALL;
          case SELECTIVE ->
              new SightingAdmission(
                  edge.sightings(), expectedBlocks(edge), SightingAdmission.NEVER, clock);
          case BACK, NONE -> null;
        };
  }

  private static int expectedBlocks(OffloadEdge edge) {
    long expected = edge.source().pool().totalBlocks() * EXPECTED_PER_BLOCK;
    return Math.clamp(expected, MIN_EXPECTED, MAX_EXPECTED);
  }

  /** {@return whether registered blocks are offered at all} */
  boolean takesUnasked() {
    return unasked != null;
  }

  /** {@return what becomes of a block that was asked for, or null if it is to be queued} */
  @Nullable OffloadResult refusal(Candidate candidate) {
    try {
      if (isPresent(candidate)) {
        return new OffloadResult.Present();
      }
      return admits(edge.admission(), candidate) ? null : notAdmitted();
    } catch (RuntimeException | Error e) {
      return new OffloadResult.Failed(Causes.of(e, edge, "the admission policy failed"));
    }
  }

  /** {@return what becomes of a block that nobody asked for, or null if it is to be queued} */
  @Nullable OffloadResult refusalUnasked(Candidate candidate) {
    if (unasked == null || !admits(unasked, candidate)) {
      return notAdmitted();
    }
    return refusal(candidate);
  }

  private boolean isPresent(Candidate candidate) {
    return edge.target().pool().contains(candidate.key());
  }

  private boolean admits(AdmissionPolicy policy, Candidate candidate) {
    return policy.admit(candidate.key(), edge.blockByteSize(), candidate.priority());
  }

  private static OffloadResult notAdmitted() {
    return new OffloadResult.Skipped(OffloadResult.Reason.NOT_ADMITTED);
  }
}
