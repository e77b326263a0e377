package io.kvbm.core.retention;

import io.kvbm.api.CallerException;
import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.policy.EvictionPolicy;
import io.kvbm.core.pool.BlockPoolBuilder;
import io.kvbm.core.pool.ContentListener;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Who has how many blocks in which tier, and who has more than its quota. A namespace is a cache
 * salt or the name of a tenant. As the salt is part of a block's key, a block is of one namespace.
 *
 * <p>Whoever fills blocks {@link #claim claims} their keys before they are registered. A block that
 * nobody claimed belongs where its parent does, and otherwise to the namespace of the empty name. A
 * claim is kept as long as a tier has the block, and before that within a bound.
 *
 * <p>Quotas refuse nothing here: {@link #overQuota} says who must give first. Blocks that are on
 * their way into a tier, as told by {@link #expect}, count as being there where that is decided.
 *
 * <p>Threading: safe from any thread; nothing is called back that takes a lock, so also under a
 * pool's lock.
 */
public final class Namespaces {

  /** The number of blocks nobody claimed. */
  public static final int UNCLAIMED = 0;

  /** A quota that is none. */
  public static final long NO_QUOTA = Long.MAX_VALUE;

  /** Blocks on their way into a tier. Closing it, once or more, ends the waiting. */
  public interface Expectation extends AutoCloseable {

    /** Waits for nothing. */
    Expectation NONE = () -> {};

    @Override
    void close();
  }

  /** Whose a block is, which tiers have it and which wait for it, one bit each. */
  private static final class Member {
    private final Namespace namespace;
    private int tiers;
    private int expecting;

    Member(Namespace namespace) {
      this.namespace = namespace;
    }
  }

  private static final class Namespace {
    private final String name;
    private final int id;
    private final long[] blocks = new long[Integer.SIZE];
    private final long[] expected = new long[Integer.SIZE];
    private final long[] quotas = new long[Integer.SIZE];

    /** By tier: the share of its quota it is above it by, where it stands among the givers. */
    private final double[] ranks = new double[Integer.SIZE];

    Namespace(String name, int id) {
      this.name = name;
      this.id = id;
      Arrays.fill(quotas, NO_QUOTA);
    }

    /** Blocks above the quota of a tier, with those that are on their way there. */
    private long excess(int tier) {
      return Math.max(0, blocks[tier] + expected[tier] - quotas[tier]);
    }

    private double excessShare(int tier) {
      return (double) excess(tier) / Math.max(1, quotas[tier]);
    }
  }

  /** The order of those above their quota in a tier: the largest share of it first. */
  private static Comparator<Namespace> mostAbove(int tier) {
    return Comparator.comparingDouble((Namespace one) -> -one.ranks[tier])
        .thenComparingInt(one -> one.id);
  }

  private final int maxNamespaces;
  private final int maxPendingClaims;
  private final Map<String, Namespace> byName = new LinkedHashMap<>();
  private final List<String> tiers = new ArrayList<>();
  private final Map<BlockKey, Member> members = new HashMap<>();

  /** Claimed blocks that no tier has, the oldest first. */
  private final Set<BlockKey> pending = new LinkedHashSet<>();

  private final Namespace unclaimed;

  /** By tier: those above their quota there. */
  private final List<TreeSet<Namespace>> givers = new ArrayList<>();

  /** How many of them there are, so that nobody waits for the lock where there are none. */
  private final AtomicIntegerArray giverCounts = new AtomicIntegerArray(Integer.SIZE);

  /** How many quotas there are, so that nobody waits for the lock where there are none. */
  private volatile int quotaCount;

  /**
   * Creates namespaces, of which only that of the empty name is there.
   *
   * @param maxNamespaces so many names at most, that one left out
   * @param maxPendingClaims so many claimed blocks that no tier has are remembered at most
   */
  public Namespaces(int maxNamespaces, int maxPendingClaims) {
    this.maxNamespaces = maxNamespaces;
    this.maxPendingClaims = maxPendingClaims;
    unclaimed = new Namespace("", UNCLAIMED);
    byName.put("", unclaimed);
  }

  /**
   * {@return what a tier's pool reports to, for {@link BlockPoolBuilder#content}}
   *
   * @param tier the tier's name
   * @throws CallerException with {@link ErrorCode#INVALID_ARGUMENT} if there is a tier of that name
   *     or there are 32
   */
  public ContentListener tier(String tier) {
    return tier(tier, new SlotOwners(0));
  }

  /** Like {@link #tier(String)}; the owners learn whose the block in each slot is. */
  synchronized ContentListener tier(String tier, SlotOwners owners) {
    if (tiers.contains(tier) || tiers.size() == Integer.SIZE) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "tier %s is there already, or one of 32: give each pool a tier of its own"
              .formatted(tier));
    }
    givers.add(new TreeSet<>(mostAbove(tiers.size())));
    tiers.add(tier);
    return new TierMembers(tiers.size() - 1, owners);
  }

  /**
   * {@return the number of a namespace, which is made if it is not there}
   *
   * @param name a cache salt or a tenant
   * @throws CapacityException with {@link ErrorCode#ALLOCATION_FAILED} if there are too many
   */
  public synchronized int idOf(String name) {
    return require(name).id;
  }

  /**
   * Limits a namespace in a tier.
   *
   * @param name the namespace, which is made if it is not there
   * @param tier the tier
   * @param blocks blocks it should have there at most, {@link #NO_QUOTA} for any number
   * @throws CallerException if there is no such tier or the number is negative
   * @throws CapacityException if there are too many namespaces
   */
  public synchronized void setQuota(String name, String tier, long blocks) {
    if (blocks < 0) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "a quota of %d blocks for namespace '%s' is none: give 0 or more"
              .formatted(blocks, name));
    }
    int index = tierIndex(tier);
    Namespace namespace = require(name);
    quotaCount =
        quotaCount + (blocks < NO_QUOTA ? 1 : 0) - (namespace.quotas[index] < NO_QUOTA ? 1 : 0);
    namespace.quotas[index] = blocks;
    rank(namespace, index);
  }

  /**
   * Puts a namespace where it belongs among the givers of a tier, as its blocks there, those
   * expected or the quota may have changed. The monitor is held.
   */
  private void rank(Namespace namespace, int tier) {
    double share = namespace.excessShare(tier);
    if (share == namespace.ranks[tier]) {
      return;
    }
    TreeSet<Namespace> own = givers.get(tier);
    own.remove(namespace); // while it is found by the share it had
    namespace.ranks[tier] = share;
    if (share > 0) {
      own.add(namespace);
    }
    giverCounts.set(tier, own.size());
  }

  /** {@return whether anybody has a quota} */
  boolean hasQuotas() {
    return quotaCount > 0;
  }

  /**
   * Says that blocks are on their way into a tier, so that whoever has its quota there makes room
   * by its own ones. Each is waited for until it comes or the expectation is closed. A block that
   * nobody knows the namespace of, that is there or is waited for already is left out.
   *
   * @param tier the tier
   * @param keys the blocks
   * @return ends the waiting
   * @throws CallerException if there is no such tier
   */
  public synchronized Expectation expect(String tier, List<BlockKey> keys) {
    int index = tierIndex(tier);
    int bit = 1 << index;
    List<Member> awaited = new ArrayList<>();
    for (BlockKey key : keys) {
      Member member = members.get(key);
      if (member != null && ((member.tiers | member.expecting) & bit) == 0) {
        member.expecting |= bit;
        member.namespace.expected[index]++;
        rank(member.namespace, index);
        awaited.add(member);
      }
    }
    return awaited.isEmpty() ? Expectation.NONE : () -> endExpecting(index, awaited);
  }

  private synchronized void endExpecting(int tier, List<Member> awaited) {
    awaited.forEach(member -> arrived(member, tier));
    awaited.clear();
  }

  /** A block is not waited for any more. The monitor is held. */
  private void arrived(Member member, int tier) {
    if ((member.expecting & 1 << tier) != 0) {
      member.expecting &= ~(1 << tier);
      member.namespace.expected[tier]--;
      rank(member.namespace, tier);
    }
  }

  private void arrivedEverywhere(Member member) {
    for (int tier = 0; tier < tiers.size(); tier++) {
      arrived(member, tier);
    }
  }

  /**
   * Says whose blocks are. The first claim of a block holds until no tier has it.
   *
   * @param name the namespace, which is made if it is not there
   * @param keys blocks that are about to be registered
   * @throws CapacityException if there are too many namespaces
   */
  public synchronized void claim(String name, List<BlockKey> keys) {
    Namespace namespace = require(name);
    for (BlockKey key : keys) {
      if (members.putIfAbsent(key, new Member(namespace)) == null) {
        pending.add(key);
      }
    }
    Iterator<BlockKey> oldest = pending.iterator();
    while (pending.size() > maxPendingClaims) {
      forgetPending(oldest.next());
      oldest.remove();
    }
  }

  /**
   * Takes claims back, of blocks that will not be registered after all: they are not waited for any
   * more. A block that a tier has stays of its namespace.
   *
   * @param keys the blocks
   */
  public synchronized void unclaim(List<BlockKey> keys) {
    for (BlockKey key : keys) {
      Member member = members.get(key);
      if (pending.remove(key)) {
        forgetPending(key);
      } else if (member != null) {
        arrivedEverywhere(member);
      }
    }
  }

  private void forgetPending(BlockKey key) {
    Member member = members.remove(key);
    if (member != null) {
      arrivedEverywhere(member);
    }
  }

  /**
   * {@return whose a block is, if a tier has it or it was claimed}
   *
   * @param key the block
   */
  public synchronized Optional<String> namespaceOf(BlockKey key) {
    return Optional.ofNullable(members.get(key)).map(member -> member.namespace.name);
  }

  /**
   * {@return who must give blocks of a tier first: of those above their quota the one whose excess
   * is the largest share of it}
   *
   * @param tier the tier
   * @throws CallerException if there is no such tier
   */
  public synchronized Optional<NamespaceUsage> overQuota(String tier) {
    int index = tierIndex(tier);
    NamespaceUsage first = null;
    for (Namespace namespace : byName.values()) {
      NamespaceUsage usage = usage(namespace, index);
      if (usage.excessBlocks() > 0 && (first == null || excessShare(usage) > excessShare(first))) {
        first = usage;
      }
    }
    return Optional.ofNullable(first);
  }

  /**
   * Asks those that must give blocks of a tier for one, the first to give first, until one has one.
   * Costs one read where nobody must.
   *
   * @param tier its index
   * @param slotOf the slot that the namespace of a number gives, or {@link EvictionPolicy#NONE};
   *     must be quick and take no lock
   * @return that slot, or {@link EvictionPolicy#NONE} if none has one
   */
  int firstOfGivers(int tier, IntUnaryOperator slotOf) {
    return giverCounts.get(tier) == 0 ? EvictionPolicy.NONE : askGivers(tier, slotOf);
  }

  private synchronized int askGivers(int tier, IntUnaryOperator slotOf) {
    for (Namespace giver : givers.get(tier)) {
      int slot = slotOf.applyAsInt(giver.id);
      if (slot != EvictionPolicy.NONE) {
        return slot;
      }
    }
    return EvictionPolicy.NONE;
  }

  /** {@return what each namespace has in each tier} */
  public synchronized List<NamespaceUsage> statistics() {
    List<NamespaceUsage> usages = new ArrayList<>();
    for (Namespace namespace : byName.values()) {
      for (int tier = 0; tier < tiers.size(); tier++) {
        usages.add(usage(namespace, tier));
      }
    }
    return usages;
  }

  private static double excessShare(NamespaceUsage usage) {
    return (double) usage.excessBlocks() / Math.max(1, usage.quotaBlocks());
  }

  private NamespaceUsage usage(Namespace namespace, int tier) {
    return new NamespaceUsage(
        namespace.name,
        namespace.id,
        tiers.get(tier),
        namespace.blocks[tier],
        namespace.quotas[tier]);
  }

  synchronized int tierIndex(String tier) {
    int index = tiers.indexOf(tier);
    if (index < 0) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "no tier %s reports to these namespaces, only %s".formatted(tier, tiers));
    }
    return index;
  }

  private Namespace require(String name) {
    Namespace present = byName.get(name);
    if (present != null) {
      return present;
    }
    if (byName.size() > maxNamespaces) {
      throw new CapacityException(
          ErrorCode.ALLOCATION_FAILED,
          "there are %d namespaces, '%s' would be one too many; allow more of them"
              .formatted(maxNamespaces, name),
          1,
          0);
    }
    Namespace added = new Namespace(name, byName.size());
    byName.put(name, added);
    return added;
  }

  /** Returns the number of the namespace of a block that entered a tier. */
  private synchronized int enter(int tier, BlockKey key, @Nullable BlockKey parent) {
    Member member = members.get(key);
    if (member == null) {
      Member elder = parent == null ? null : members.get(parent);
      member = new Member(elder == null ? unclaimed : elder.namespace);
      members.put(key, member);
    }
    pending.remove(key);
    if ((member.tiers & 1 << tier) == 0) {
      member.tiers |= 1 << tier;
      member.namespace.blocks[tier]++;
    }
    arrived(member, tier);
    rank(member.namespace, tier);
    return member.namespace.id;
  }

  private synchronized void leave(int tier, BlockKey key) {
    Member member = members.get(key);
    if (member == null || (member.tiers & 1 << tier) == 0) {
      return;
    }
    member.tiers &= ~(1 << tier);
    member.namespace.blocks[tier]--;
    rank(member.namespace, tier);
    if (member.tiers == 0) {
      members.remove(key);
      arrivedEverywhere(member);
    }
  }

  private synchronized void clear(int tier) {
    members
        .values()
        .removeIf(
            member -> {
              boolean wasThere = (member.tiers & 1 << tier) != 0;
              member.tiers &= ~(1 << tier);
              boolean gone = wasThere && member.tiers == 0;
              if (gone) {
                arrivedEverywhere(member);
              }
              return gone;
            });
    for (Namespace namespace : byName.values()) {
      namespace.blocks[tier] = 0;
      rank(namespace, tier);
    }
  }

  /** Counts what one pool reports. */
  private final class TierMembers implements ContentListener {
    private final int tier;
    private final SlotOwners owners;

    TierMembers(int tier, SlotOwners owners) {
      this.tier = tier;
      this.owners = owners;
    }

    @Override
    public void entered(int slot, BlockKey key, @Nullable BlockKey parent, int[] tokens) {
      owners.set(slot, enter(tier, key, parent));
    }

    @Override
    public void entered(BlockKey key, @Nullable BlockKey parent, int[] tokens) {
      enter(tier, key, parent);
    }

    @Override
    public void left(BlockKey key) {
      leave(tier, key);
    }

    @Override
    public void cleared() {
      clear(tier);
    }
  }
}
