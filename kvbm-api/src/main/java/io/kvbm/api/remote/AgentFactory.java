package io.kvbm.api.remote;

import io.kvbm.api.CallerException;
import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;

/** Opens agents of one backend, with its settings. Threading: safe from any thread. */
@Stability(Stability.Level.PREVIEW)
public interface AgentFactory {

  /**
   * Opens an agent that listens and can connect.
   *
   * @param name see {@link AgentDescriptor#name()}
   * @return the caller closes it; closing the backend closes it, too
   * @throws CallerException with {@link ErrorCode#INVALID_ARGUMENT} if the name is not one or an
   *     open agent of this process has it
   * @throws ConfigurationException with {@link ErrorCode#INVALID_CONFIG} if the settings do not let
   *     it listen, for instance beyond loopback without credentials
   */
  RemoteAgent open(String name);
}
