package io.kvbm.core.registry;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.block.BlockKey;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One block as the tiers of a manager know it. Made by {@link BlockRegistry#register}, it lives
 * until the last tier released it; from then on it is stale and a later registration of the same
 * block is another object.
 *
 * <p>Threading: safe from any thread.
 */
public final class BlockRegistration {

  /** The next one in the registry's chain; written under the stripe's monitor only. */
  volatile @Nullable BlockRegistration next;

  private final BlockKey key;
  private final RegistryStripe stripe;

  /** One bit per tier that holds the block; written under the stripe's monitor only. */
  private volatile int tiers;

  private volatile @Nullable RegistrationExtras extras;

  BlockRegistration(BlockKey key, RegistryStripe stripe) {
    this.key = key;
    this.stripe = stripe;
  }

  /** {@return the block} */
  public BlockKey key() {
    return key;
  }

  /** {@return whether no tier holds the block under this registration any more} */
  public boolean isStale() {
    return tiers == 0;
  }

  /**
   * {@return whether the tier holds the block under this registration}
   *
   * @param tier the tier's index
   */
  public boolean isPresent(int tier) {
    return (tiers & BlockRegistry.bit(tier)) != 0;
  }

  /**
   * Takes one copy of the block out of the tier. With the last copy of the last tier the
   * registration ends. Releasing what is not there, as a stale registration does, changes nothing.
   *
   * @param tier the tier's index
   * @return whether this was the tier's last copy, so that the tier does not hold the block any
   *     more
   */
  public boolean release(int tier) {
    int bit = BlockRegistry.bit(tier);
    synchronized (stripe) {
      if ((tiers & bit) == 0) {
        return false;
      }
      RegistrationExtras present = extras;
      if (present != null && present.removeDuplicate(tier)) {
        return false;
      }
      tiers &= ~bit;
      if (tiers == 0) {
        stripe.remove(this);
      }
      return true;
    }
  }

  /**
   * Attaches the one value of its type.
   *
   * @param type what it is found by
   * @param value kept as long as the registration
   * @return the value it replaces
   * @throws CallerException if the type was used with {@link #attachMultiple} or the registration
   *     is stale
   */
  public <T> Optional<T> attachUnique(Class<T> type, T value) {
    synchronized (stripe) {
      return liveExtras().attachUnique(type, value);
    }
  }

  /**
   * Attaches one of several values of its type.
   *
   * @param type what it is found by
   * @param value kept as long as the registration
   * @throws CallerException if the type was used with {@link #attachUnique} or the registration is
   *     stale
   */
  public <T> void attachMultiple(Class<T> type, T value) {
    synchronized (stripe) {
      liveExtras().attachMultiple(type, value);
    }
  }

  /**
   * {@return the unique value of the type, if there is one}
   *
   * @param type what it was attached by
   */
  public <T> Optional<T> unique(Class<T> type) {
    synchronized (stripe) {
      RegistrationExtras present = extras;
      return present == null ? Optional.empty() : present.unique(type);
    }
  }

  /**
   * {@return the values of the type that are not unique, in the order they were attached; a copy}
   *
   * @param type what they were attached by
   */
  public <T> List<T> multiple(Class<T> type) {
    synchronized (stripe) {
      RegistrationExtras present = extras;
      return present == null ? List.of() : present.multiple(type);
    }
  }

  /**
   * Lets a listener be told of each later {@link #touch}.
   *
   * @param listener kept as long as the registration
   * @throws CallerException if the registration is stale
   */
  public void onTouch(TouchListener listener) {
    synchronized (stripe) {
      liveExtras().addListener(listener);
    }
  }

  /** Tells the listeners, in the order they came, that the block is used. */
  public void touch() {
    RegistrationExtras present = extras;
    if (present == null) {
      return;
    }
    for (TouchListener listener : present.listeners()) {
      listener.touched(key);
    }
  }

  /**
   * Adds a copy to a tier and returns whether it is the tier's first. The stripe's monitor is held.
   */
  boolean enter(int tier, int bit) {
    if ((tiers & bit) != 0) {
      ensureExtras().addDuplicate(tier);
      return false;
    }
    tiers |= bit;
    return true;
  }

  private RegistrationExtras liveExtras() {
    if (tiers == 0) {
      throw new CallerException(
          ErrorCode.BLOCK_STATE_INVALID,
          "the registration of block " + key + " has ended: register the block again");
    }
    return ensureExtras();
  }

  private RegistrationExtras ensureExtras() {
    RegistrationExtras present = extras;
    if (present == null) {
      present = new RegistrationExtras();
      extras = present;
    }
    return present;
  }
}
