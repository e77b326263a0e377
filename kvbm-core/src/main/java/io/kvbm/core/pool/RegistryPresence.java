package io.kvbm.core.pool;

import io.kvbm.core.registry.BlockRegistration;
import io.kvbm.core.registry.BlockRegistry;
import java.util.Objects;

/** Keeps the registry shared by the tiers in step with one pool. */
final class RegistryPresence implements Presence {

  private final BlockRegistry registry;
  private final int tier;

  RegistryPresence(BlockRegistry registry, int tier) {
    this.registry = registry;
    this.tier = tier;
  }

  @Override
  public void entered(Slot slot) {
    slot.registration = registry.register(Objects.requireNonNull(slot.key), tier);
  }

  @Override
  public void left(Slot slot) {
    BlockRegistration registration = slot.registration;
    if (registration != null) {
      slot.registration = null;
      registration.release(tier);
    }
  }
}
