package io.kvbm.api.remote;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;
import java.util.Objects;

/**
 * Where an agent listens.
 *
 * @param transport the name of the transport that answers there, for instance {@code tcp}
 * @param address what that transport connects to, for instance {@code 10.0.0.7:7410}
 */
@Stability(Stability.Level.PREVIEW)
public record AgentEndpoint(String transport, String address) {
  /** Checks that both are there. */
  public AgentEndpoint {
    Objects.requireNonNull(transport, "transport");
    Objects.requireNonNull(address, "address");
    if (transport.isEmpty() || address.isEmpty()) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT, "an endpoint needs a transport and an address");
    }
  }

  @Override
  public String toString() {
    return transport + "://" + address;
  }
}
