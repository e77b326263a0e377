package io.kvbm.api.remote;

import io.kvbm.api.Stability;
import io.kvbm.api.storage.RegistrationHandle;

/**
 * That a storage is registered with an agent; held under the key {@code remote} of the storage.
 * Released by unregistering or closing the storage, or by closing the agent: from then on no peer
 * starts to use it, and the release waits for what peers have in flight.
 */
@Stability(Stability.Level.PREVIEW)
public interface RemoteRegistration extends RegistrationHandle {

  /** The key under which a storage keeps its registration. */
  String KEY = "remote";

  /** {@return the name of the agent} */
  String agent();

  /** {@return how peers name the storage} */
  ExportedStorage exported();
}
