package io.kvbm.api.remote;

import io.kvbm.api.Stability;
import java.util.Objects;

/**
 * A worker that shares blocks.
 *
 * @param agent how to reach it
 * @param workerId its worker id
 * @param fingerprint hash scheme, model and layout of its blocks; a worker of another one is not
 *     asked
 */
@Stability(Stability.Level.PREVIEW)
public record DirectoryMember(AgentDescriptor agent, long workerId, long fingerprint) {
  /** Checks that there is an agent. */
  public DirectoryMember {
    Objects.requireNonNull(agent, "agent");
  }
}
