package io.kvbm.core.registry;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.block.BlockKey;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Which blocks the tiers of one manager hold. A block is entered once per copy and tier and leaves
 * with its last copy; nothing is remembered of a block that no tier holds, so memory is bounded by
 * what the tiers hold.
 *
 * <p>Threading: safe from any thread. Lookups take no lock; changes lock one of 64 stripes for a
 * few instructions.
 */
public final class BlockRegistry {

  /** How many tiers there may be; their indexes are 0 to 31. */
  public static final int MAX_TIERS = Integer.SIZE;

  private static final int STRIPE_BITS = 6;
  private static final int STRIPE_COUNT = 1 << STRIPE_BITS;
  private static final RegistrationObserver[] NO_OBSERVERS = {};

  private final RegistryStripe[] stripes = new RegistryStripe[STRIPE_COUNT];
  private volatile RegistrationObserver[] observers = NO_OBSERVERS;

  /**
   * Creates an empty registry.
   *
   * @param expectedBlocks how many different blocks the tiers may hold together; more are possible
   * @throws CallerException if the number is negative
   */
  public BlockRegistry(int expectedBlocks) {
    if (expectedBlocks < 0) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "a registry cannot expect " + expectedBlocks + " blocks: give 0 or more");
    }
    for (int i = 0; i < STRIPE_COUNT; i++) {
      stripes[i] = new RegistryStripe(expectedBlocks >>> STRIPE_BITS);
    }
  }

  /**
   * Enters one copy of a block into a tier and tells the observers. To be undone by {@link
   * BlockRegistration#release}.
   *
   * @param key the block
   * @param tier the tier's index, below {@link #MAX_TIERS}
   * @return the block's registration, the same as long as any tier holds the block
   */
  public BlockRegistration register(BlockKey key, int tier) {
    int bit = bit(tier);
    int hash = hash(key);
    RegistryStripe stripe = stripe(hash);
    BlockRegistration registration;
    boolean first;
    synchronized (stripe) {
      registration = stripe.findOrAdd(key, hash);
      first = registration.enter(tier, bit);
    }
    for (RegistrationObserver observer : observers) {
      observer.registered(registration, tier, first);
    }
    return registration;
  }

  /**
   * Enters one copy of each block into a tier, then tells the observers of each, in the order of
   * the keys.
   *
   * @param keys the blocks; one that comes twice is entered twice
   * @param tier the tier's index, below {@link #MAX_TIERS}
   * @return the registrations, in the order of the keys
   */
  public List<BlockRegistration> registerAll(List<BlockKey> keys, int tier) {
    int bit = bit(tier);
    List<BlockRegistration> registrations = new ArrayList<>(keys.size());
    boolean[] firsts = new boolean[keys.size()];
    for (BlockKey key : keys) {
      int hash = hash(key);
      RegistryStripe stripe = stripe(hash);
      synchronized (stripe) {
        BlockRegistration registration = stripe.findOrAdd(key, hash);
        firsts[registrations.size()] = registration.enter(tier, bit);
        registrations.add(registration);
      }
    }
    for (RegistrationObserver observer : observers) {
      for (int i = 0; i < firsts.length; i++) {
        observer.registered(registrations.get(i), tier, firsts[i]);
      }
    }
    return registrations;
  }

  /**
   * {@return whether the tier holds the block}
   *
   * @param key the block
   * @param tier the tier's index, below {@link #MAX_TIERS}
   */
  public boolean isPresent(BlockKey key, int tier) {
    BlockRegistration registration = lookUp(key);
    return registration != null && registration.isPresent(tier);
  }

  /**
   * {@return the block's registration, if any tier holds the block}
   *
   * @param key the block
   */
  public Optional<BlockRegistration> find(BlockKey key) {
    BlockRegistration registration = lookUp(key);
    return registration == null || registration.isStale()
        ? Optional.empty()
        : Optional.of(registration);
  }

  /**
   * Lets an observer be told of each later registration.
   *
   * @param observer kept as long as the registry
   */
  public void addObserver(RegistrationObserver observer) {
    synchronized (this) {
      RegistrationObserver[] longer = Arrays.copyOf(observers, observers.length + 1);
      longer[observers.length] = observer;
      observers = longer;
    }
  }

  /** {@return how many different blocks the tiers hold; a moment's view where others change it} */
  public int size() {
    int size = 0;
    for (RegistryStripe stripe : stripes) {
      size += stripe.size();
    }
    return size;
  }

  /** Returns the bit of a tier, whose index it checks. */
  static int bit(int tier) {
    if (tier < 0 || tier >= MAX_TIERS) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT, "tier index " + tier + " is not between 0 and 31");
    }
    return 1 << tier;
  }

  /**
   * Returns a hash all of whose bits depend on all 128 of the key; the topmost six choose the
   * stripe.
   */
  static int hash(BlockKey key) {
    long mixed = (key.lo() ^ Long.rotateLeft(key.hi(), 32)) * 0x9E37_79B9_7F4A_7C15L;
    mixed = (mixed ^ mixed >>> 32) * 0xD6E8_FEB8_6659_FD93L;
    return (int) (mixed >>> 32);
  }

  private @Nullable BlockRegistration lookUp(BlockKey key) {
    int hash = hash(key);
    return stripe(hash).find(key, hash);
  }

  private RegistryStripe stripe(int hash) {
    return stripes[hash >>> Integer.SIZE - STRIPE_BITS];
  }
}
