package io.kvbm.api.storage;

import io.kvbm.api.Stability;

/**
 * What an outside library gave for a storage registered with it. The storage releases its handles,
 * in reverse order of registration, before it frees its bytes.
 */
@Stability(Stability.Level.STABLE)
@FunctionalInterface
public interface RegistrationHandle {

  /** Undoes the registration. Called once. */
  void release();
}
