package io.kvbm.core.offload;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.policy.AdmissionPolicy;
import io.kvbm.core.policy.FrequencySketch;
import io.kvbm.core.tier.Tier;
import java.util.Objects;

/**
 * A pair of tiers and how blocks get from the upper to the lower one.
 *
 * @param source where blocks are copied from
 * @param target a lower tier with blocks of the same shape
 * @param write when they are copied without being asked for
 * @param sightings at which sighting {@link WritePolicy#SELECTIVE} copies a block, 1 to {@link
 *     FrequencySketch#MAX_FREQUENCY}
 * @param admission decides for each block, also those asked for; blocks the target has are not
 *     shown to it
 * @param limits what may be queued and in flight
 */
public record OffloadEdge(
    Tier source,
    Tier target,
    WritePolicy write,
    int sightings,
    AdmissionPolicy admission,
    OffloadLimits limits) {

  /** How often a block is seen before {@link WritePolicy#SELECTIVE} copies it, unless told. */
  public static final int DEFAULT_SIGHTINGS = 2;

  /** Checks the values. */
  public OffloadEdge {
    Objects.requireNonNull(write, "write");
    Objects.requireNonNull(admission, "admission");
    Objects.requireNonNull(limits, "limits");
    if (source.level().compareTo(target.level()) >= 0) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG,
          "blocks are offloaded to a lower tier, not from %s to %s"
              .formatted(source.name(), target.name()));
    }
    SightingAdmission.requireSightings(sightings);
  }

  /**
   * {@return an edge that admits every block, within the default limits}
   *
   * @param source where blocks are copied from
   * @param target a lower tier
   * @param write when they are copied
   */
  public static OffloadEdge of(Tier source, Tier target, WritePolicy write) {
    return new OffloadEdge(
        source, target, write, DEFAULT_SIGHTINGS, AdmissionPolicy.PASS_ALL, OffloadLimits.DEFAULT);
  }

  /**
   * {@return this edge with another admission policy}
   *
   * @param value decides for each block
   */
  public OffloadEdge withAdmission(AdmissionPolicy value) {
    return new OffloadEdge(source, target, write, sightings, value, limits);
  }

  /**
   * {@return this edge with other limits}
   *
   * @param value what may be queued and in flight
   */
  public OffloadEdge withLimits(OffloadLimits value) {
    return new OffloadEdge(source, target, write, sightings, admission, value);
  }

  /**
   * {@return this edge with another number of sightings}
   *
   * @param value at which sighting a selective edge copies a block
   */
  public OffloadEdge withSightings(int value) {
    return new OffloadEdge(source, target, write, value, admission, limits);
  }

  /** {@return from and to, as {@code device->host}} */
  public String route() {
    return source.name() + "->" + target.name();
  }

  /** {@return bytes of one block} */
  long blockByteSize() {
    return source.pool().shape().blockByteSize();
  }
}
