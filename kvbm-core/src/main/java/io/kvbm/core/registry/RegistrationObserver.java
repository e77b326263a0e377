package io.kvbm.core.registry;

/**
 * Told which blocks were registered. Threading: called on the registering thread, with no lock of
 * the registry held; be quick and do not throw.
 */
@FunctionalInterface
public interface RegistrationObserver {

  /**
   * A block was registered. Of one batch, the calls come in the order of its keys, after all of
   * them are registered.
   *
   * @param registration the block's registration
   * @param tier the tier that holds it
   * @param firstInTier whether the tier held no copy of it before
   */
  void registered(BlockRegistration registration, int tier, boolean firstInTier);
}
