package io.kvbm.core.retention;

import io.kvbm.api.block.BlockKey;
import io.kvbm.api.policy.EvictionPolicy;
import io.kvbm.api.policy.EvictionPolicyProvider;
import io.kvbm.api.spi.Clock;
import io.kvbm.core.pool.BlockPoolBuilder;
import io.kvbm.core.pool.ContentListener;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What the pools of some tiers are built with so that a {@link Retention} can keep order in them:
 * whose blocks are, how long they live, and who is evicted first. For one thread until the pools
 * are built, then safe from any.
 */
public final class RetentionRules {

  private final RetentionOptions options;
  private final Namespaces namespaces;
  private final TimeToLive lives;

  /** How long blocks of some namespaces live, by name. */
  private final Map<String, Long> lifeByNamespace = new ConcurrentHashMap<>();

  /**
   * Creates rules of no tiers.
   *
   * @param options what is kept and for how long
   * @param clock time
   */
  public RetentionRules(RetentionOptions options, Clock clock) {
    this.options = options;
    namespaces = new Namespaces(options.maxNamespaces(), options.maxPendingClaims());
    lives = new TimeToLive(this::lifeNanos, clock);
  }

  private long lifeNanos(BlockKey key) {
    if (lifeByNamespace.isEmpty()) {
      return options.lifeNanos();
    }
    return namespaces.namespaceOf(key).map(lifeByNamespace::get).orElse(options.lifeNanos());
  }

  /**
   * Adds a tier: tells its pool whom to report to, what to hide and by what policy to evict.
   *
   * @param tier its name; the tiers come in their order, the fastest first
   * @param pool builds its pool
   * @param provider makes the policy that decides where no quota and no class does
   * @return who else than these rules the content is reported to must be joined with it
   */
  public Optional<ContentListener> apply(
      String tier, BlockPoolBuilder pool, EvictionPolicyProvider provider) {
    boolean hasNamespaces = options.maxNamespaces() > 0;
    SlotOwners owners = new SlotOwners(0);
    ContentListener members = namespaces.tier(tier, owners);
    if (hasNamespaces || options.priorityClasses() > 1) {
      pool.evictionPolicy(new Provider(provider, namespaces.tierIndex(tier), owners));
    }
    if (!options.hasLives()) {
      return hasNamespaces ? Optional.of(members) : Optional.empty();
    }
    pool.hidden(lives::isExpired);
    ContentListener timed = lives.tier();
    return Optional.of(hasNamespaces ? members.andThen(timed) : timed);
  }

  /** {@return what was asked for} */
  public RetentionOptions options() {
    return options;
  }

  Namespaces namespaces() {
    return namespaces;
  }

  TimeToLive lives() {
    return lives;
  }

  void setLife(String namespace, long nanos) {
    lifeByNamespace.put(namespace, nanos);
  }

  /** Makes the policy of one tier. */
  private final class Provider implements EvictionPolicyProvider {
    private final EvictionPolicyProvider inner;
    private final int tier;
    private final SlotOwners owners;

    Provider(EvictionPolicyProvider inner, int tier, SlotOwners owners) {
      this.inner = inner;
      this.tier = tier;
      this.owners = owners;
    }

    @Override
    public String name() {
      return inner.name();
    }

    @Override
    public String description() {
      return inner.description();
    }

    @Override
    public EvictionPolicy create(int capacity) {
      return new RetentionPolicy(
          inner, capacity, options.priorityClasses(), namespaces, tier, owners);
    }
  }
}
