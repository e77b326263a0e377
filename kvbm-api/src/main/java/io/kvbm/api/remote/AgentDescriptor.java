package io.kvbm.api.remote;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * How to reach an agent. Holds no secret: whoever connects needs credentials beside it.
 *
 * @param name the agent's name, unique among agents that know each other: a letter or digit, then
 *     up to 127 letters, digits, dots, underscores and dashes
 * @param generation told apart from every other run of an agent of that name; a reference to
 *     another generation is refused. Generations are compared for equality only, so that clocks
 *     need not agree. 0 is no agent's own: connecting to it means any run of that name, and the
 *     {@link RemotePeer#descriptor peer's descriptor} has the generation of the one that answered
 * @param endpoints where it listens, the preferred one first; empty for an agent that only connects
 */
@Stability(Stability.Level.PREVIEW)
public record AgentDescriptor(String name, long generation, List<AgentEndpoint> endpoints) {

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,127}");

  /** Checks the name and copies the list. */
  public AgentDescriptor {
    Objects.requireNonNull(name, "name");
    endpoints = List.copyOf(endpoints);
    if (!NAME.matcher(name).matches()) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "agent name '%s' is not one: a letter or digit, then letters, digits, '.', '_' and '-', 128 at most"
              .formatted(name.length() > 160 ? name.substring(0, 160) + "…" : name));
    }
  }

  /**
   * {@return where the agent listens with a transport}
   *
   * @param transport the transport's name
   */
  public Optional<AgentEndpoint> endpoint(String transport) {
    return endpoints.stream().filter(e -> e.transport().equals(transport)).findFirst();
  }
}
