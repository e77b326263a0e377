package io.kvbm.api.config;

import io.kvbm.api.Stability;
import java.util.Objects;

/**
 * Whether and how blocks are shared with other workers (the specification's {@code NixlOptions}).
 *
 * @param mode off, an agent made by the manager, or one given by name
 * @param agentName for {@link Mode#USE_AGENT} the name of the agent, else empty
 */
@Stability(Stability.Level.PREVIEW)
public record RemoteOptions(Mode mode, String agentName) {

  /** No sharing: export and import fail with INVALID_CONFIG. */
  public static final RemoteOptions DISABLED = new RemoteOptions(Mode.DISABLED, "");

  /** The manager makes its own agent. */
  public static final RemoteOptions ENABLED = new RemoteOptions(Mode.ENABLED, "");

  /** How sharing is set up. */
  public enum Mode {
    /** No sharing. */
    DISABLED,
    /** The manager makes its own agent. */
    ENABLED,
    /** The caller's agent is used. */
    USE_AGENT
  }

  /** Checks the values. */
  public RemoteOptions {
    Objects.requireNonNull(mode, "mode");
    Objects.requireNonNull(agentName, "agentName");
  }

  /**
   * {@return options that use an agent of the caller's}
   *
   * @param agentName its name
   */
  public static RemoteOptions useAgent(String agentName) {
    return new RemoteOptions(Mode.USE_AGENT, agentName);
  }
}
