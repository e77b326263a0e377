package io.kvbm.api.storage;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;
import java.util.Optional;

/**
 * A storage that can be registered with outside libraries (a transport, a driver) under a key. The
 * key {@code nixl} and {@code remote} are one: the specification's name and ours.
 */
@Stability(Stability.Level.STABLE)
public interface RegistrableStorage extends Storage {

  /**
   * Registers this storage.
   *
   * @param key names the library, for instance {@code remote}
   * @param handle released before the bytes are freed; this storage owns it after the call
   * @throws CallerException with {@link ErrorCode#REGISTRATION_KEY_EXISTS} if the key is taken; the
   *     handle stays with the caller
   */
  void register(String key, RegistrationHandle handle);

  /**
   * {@return whether something is registered under the key}
   *
   * @param key the library's key
   */
  boolean isRegistered(String key);

  /**
   * {@return the handle registered under the key}
   *
   * @param key the library's key
   */
  Optional<RegistrationHandle> registrationHandle(String key);

  /**
   * Releases and removes one registration.
   *
   * @param key the library's key
   * @throws CallerException with {@link ErrorCode#HANDLE_NOT_FOUND} if nothing is registered under
   *     it
   */
  void unregister(String key);
}
