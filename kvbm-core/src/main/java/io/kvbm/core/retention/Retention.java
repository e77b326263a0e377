package io.kvbm.core.retention;

import io.kvbm.api.CallerException;
import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.core.pool.BlockPool;
import io.kvbm.core.retention.Namespaces.Expectation;
import io.kvbm.core.time.Cancellable;
import io.kvbm.core.time.Deadlines;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * What is kept in the tiers of a manager, and for how long: pins, leases, times to live, and
 * namespaces with quotas. It holds in every tier.
 *
 * <ul>
 *   <li>A <b>pin</b> or <b>lease</b> keeps a block in the tier it is in: it is neither evicted nor
 *       moved down, and where it is brought up a copy of it stays. Both together keep a share of a
 *       tier at most, so that the rest of it works on.
 *   <li>A block whose <b>time to live</b> is over is found in no tier, pinned or not. It is dropped
 *       by a sweep when nobody uses it.
 *   <li>A <b>namespace</b> above its quota in a tier gives blocks there before any other does.
 *       Where all its blocks are in use the tier's policy decides.
 * </ul>
 *
 * <p>Threading: safe from any thread, but not to be called under a pool's lock.
 */
public final class Retention implements AutoCloseable {

  private static final System.Logger LOG = System.getLogger(Retention.class.getName());
  private static final int SWEEP_LIMIT = 1024;

  /** What is kept in one tier. */
  private record Kept(
      String tier, BlockPool pool, RetainedBlocks blocks, Pins pins, Leases leases) {}

  private final RetentionRules rules;
  private final Deadlines deadlines;
  private final Executor executor;
  private final List<Kept> tiers = new ArrayList<>();

  /** Changes before a block leaves a tier because it is in a higher one. */
  private final AtomicLong raises = new AtomicLong();

  private @Nullable Cancellable nextSweep;
  private boolean closed;

  /**
   * Begins to keep order.
   *
   * @param rules those the pools were built with
   * @param pools of the tiers the rules were applied to, by name, the fastest first; the caller
   *     closes them after this
   * @param deadlines ends pins and leases and begins sweeps; the caller closes them after this
   * @param executor runs sweeps
   */
  public Retention(
      RetentionRules rules, Map<String, BlockPool> pools, Deadlines deadlines, Executor executor) {
    this.rules = rules;
    this.deadlines = deadlines;
    this.executor = executor;
    pools.forEach(
        (tier, pool) -> {
          RetainedBlocks blocks = new RetainedBlocks(pool, rules.options().maxRetainedShare());
          Pins pins = new Pins(blocks, deadlines);
          tiers.add(new Kept(tier, pool, blocks, pins, new Leases(blocks, deadlines)));
        });
    scheduleSweep();
  }

  // ---- pins

  /**
   * Pins blocks, each in the highest tier that has it.
   *
   * @param owner whose pins they are
   * @param keys the blocks; one that is named twice is pinned twice
   * @param durationNanos how long from now, or {@link Deadlines#NEVER} for no end
   * @return which are pinned, in no particular order, and which are in no tier
   * @throws CallerException with {@link ErrorCode#INVALID_ARGUMENT} if the time is not above 0
   * @throws CapacityException with {@link ErrorCode#NOT_ENOUGH_BLOCKS_AVAILABLE} if more of a tier
   *     would be kept than may be; nothing was pinned
   */
  public PinReport pin(String owner, List<BlockKey> keys, long durationNanos) {
    Durations.requirePositive("a pin", durationNanos);
    List<BlockKey> pinned = new ArrayList<>();
    List<BlockKey> absent = keys;
    long before;
    do {
      before = raises.get();
      for (Kept tier : tiers) {
        if (!absent.isEmpty()) {
          PinReport report = pinIn(tier, owner, absent, durationNanos, pinned);
          pinned.addAll(report.pinned());
          absent = report.absent();
        }
      }
    } while (!absent.isEmpty() && raises.get() != before);
    return new PinReport(pinned, absent);
  }

  private PinReport pinIn(
      Kept tier, String owner, List<BlockKey> keys, long durationNanos, List<BlockKey> pinned) {
    try {
      return tier.pins.pin(owner, keys, durationNanos);
    } catch (RuntimeException e) {
      unpin(owner, pinned);
      throw e;
    }
  }

  /**
   * Ends one pin of an owner on each block, in the highest tier where there is one.
   *
   * @param owner whose pins they are
   * @param keys the blocks; one that the owner has not pinned is left out
   * @return how many pins ended
   */
  public int unpin(String owner, List<BlockKey> keys) {
    int ended = 0;
    for (BlockKey key : keys) {
      for (Kept tier : tiers) {
        if (tier.pins.unpin(owner, List.of(key)) > 0) {
          ended++;
          break;
        }
      }
    }
    return ended;
  }

  /**
   * Ends all pins of an owner.
   *
   * @param owner whose pins they are
   * @return how many pins ended
   */
  public int release(String owner) {
    return tiers.stream().mapToInt(tier -> tier.pins.release(owner)).sum();
  }

  /**
   * {@return the pins of one tier, for who wants to pin blocks there}
   *
   * @param tier its name
   * @throws CallerException if there is no such tier
   */
  public Pins pins(String tier) {
    return kept(tier).pins;
  }

  private Kept kept(String tier) {
    return tiers.stream()
        .filter(one -> one.tier.equals(tier))
        .findFirst()
        .orElseThrow(
            () ->
                new CallerException(
                    ErrorCode.INVALID_ARGUMENT,
                    "there is no tier %s, only %s"
                        .formatted(tier, tiers.stream().map(Kept::tier).toList())));
  }

  // ---- leases

  /**
   * Leases blocks that were found, each in the tier it was found in.
   *
   * @param found open blocks of each tier by its index; they stay the caller's
   * @param durationNanos how long from now
   * @return the lease, or empty where one of the blocks has moved to another tier meanwhile, so
   *     that they are to be looked up again; nothing is leased then
   * @throws CallerException with {@link ErrorCode#INVALID_ARGUMENT} if the time is not above 0,
   *     with {@link ErrorCode#BLOCK_STATE_INVALID} if a block is closed; nothing was leased
   * @throws CapacityException with {@link ErrorCode#NOT_ENOUGH_BLOCKS_AVAILABLE} if more of a tier
   *     would be kept than may be; nothing was leased
   */
  public Optional<Lease> lease(Map<Integer, List<ImmutableBlock>> found, long durationNanos) {
    Durations.requirePositive("a lease", durationNanos);
    List<Lease> leases = new ArrayList<>();
    List<BlockKey> keys = new ArrayList<>();
    boolean complete = true;
    try {
      for (Map.Entry<Integer, List<ImmutableBlock>> entry : found.entrySet()) {
        Lease lease = tiers.get(entry.getKey()).leases.grant(entry.getValue(), durationNanos);
        leases.add(lease);
        keys.addAll(lease.keys());
        complete &= lease.keys().size() == entry.getValue().size();
      }
    } catch (RuntimeException e) {
      leases.forEach(Lease::close);
      throw e;
    }
    Lease all = new LeaseGroup(keys, leases);
    if (!complete) {
      all.close();
      return Optional.empty();
    }
    return Optional.of(all);
  }

  // ---- what the tiers ask

  /**
   * Takes a block out of a tier, as a higher one has it, unless it is pinned or leased there.
   *
   * @param tier the index of the tier
   * @param key the block
   * @return whether it was taken out
   */
  public boolean removeUnlessKept(int tier, BlockKey key) {
    return tiers.get(tier).blocks.removeUnlessKept(key, raises::incrementAndGet);
  }

  /**
   * Says that blocks are on their way into a tier, so that who has its quota there makes room.
   *
   * @param tier the index of the tier
   * @param keys the blocks
   * @return ends the waiting for those that have not come
   */
  public Expectation expect(int tier, List<BlockKey> keys) {
    return rules.namespaces().hasQuotas()
        ? rules.namespaces().expect(tiers.get(tier).tier, keys)
        : Expectation.NONE;
  }

  /**
   * Blocks were registered anew: those whose time to live is over live from now on.
   *
   * @param keys the blocks
   */
  public void madeAnew(List<BlockKey> keys) {
    if (rules.options().hasLives()) {
      rules.lives().madeAnew(keys);
    }
  }

  // ---- namespaces

  /**
   * Says whose blocks are that are about to be filled, before room for them is allocated: so a
   * namespace that has its quota makes that room by its own blocks.
   *
   * @param namespace a cache salt or a tenant; made if it is not there
   * @param keys the blocks
   * @throws CapacityException if there are too many namespaces
   * @throws CallerException with {@link ErrorCode#UNSUPPORTED} where namespaces are off
   */
  public void claim(String namespace, List<BlockKey> keys) {
    requireNamespaces();
    rules.namespaces().claim(namespace, keys);
    expect(0, keys); // until they come, or are unclaimed or forgotten
  }

  /**
   * Takes claims back, of blocks that will not be registered after all.
   *
   * @param keys the blocks; those that a tier has are left out
   */
  public void unclaim(List<BlockKey> keys) {
    rules.namespaces().unclaim(keys);
  }

  /**
   * Limits a namespace in a tier.
   *
   * @param namespace made if it is not there
   * @param tier the tier's name
   * @param blocks blocks it should have there at most, {@link Namespaces#NO_QUOTA} for any number
   * @throws CallerException if there is no such tier, the number is negative or namespaces are off
   * @throws CapacityException if there are too many namespaces
   */
  public void setQuota(String namespace, String tier, long blocks) {
    requireNamespaces();
    rules.namespaces().setQuota(namespace, tier, blocks);
  }

  /**
   * Gives blocks of a namespace that come from now on a time to live of their own.
   *
   * @param namespace made if it is not there
   * @param lifeNanos how long, or {@link Deadlines#NEVER}
   * @throws CallerException with {@link ErrorCode#INVALID_ARGUMENT} if the time is not above 0,
   *     with {@link ErrorCode#UNSUPPORTED} where namespaces or times to live are off
   * @throws CapacityException if there are too many namespaces
   */
  public void setLife(String namespace, long lifeNanos) {
    Durations.requirePositive("a life", lifeNanos);
    requireNamespaces();
    requireLives();
    rules.namespaces().idOf(namespace);
    rules.setLife(namespace, lifeNanos);
  }

  private void requireNamespaces() {
    if (rules.options().maxNamespaces() == 0) {
      throw new CallerException(
          ErrorCode.UNSUPPORTED, "there are no namespaces; allow some in the retention options");
    }
  }

  // ---- times to live

  /**
   * Gives a block another time to live, from now on.
   *
   * @param key a block that some tier has; another one is left out
   * @param lifeNanos how long from now, or {@link Deadlines#NEVER}
   * @throws CallerException with {@link ErrorCode#INVALID_ARGUMENT} if the time is not above 0,
   *     with {@link ErrorCode#UNSUPPORTED} where times to live are off
   */
  public void renew(BlockKey key, long lifeNanos) {
    Durations.requirePositive("a life", lifeNanos);
    requireLives();
    rules.lives().renew(key, lifeNanos);
  }

  private void requireLives() {
    if (!rules.options().hasLives()) {
      throw new CallerException(
          ErrorCode.UNSUPPORTED,
          "blocks have no time to live; say in the retention options how often to sweep");
    }
  }

  /**
   * Drops blocks whose time is over, now rather than at the next sweep.
   *
   * @return how many are in no tier any more
   */
  public int sweep() {
    List<BlockPool> pools = tiers.stream().map(Kept::pool).toList();
    long retryNanos = Math.max(1, rules.options().sweepNanos());
    int dropped = 0;
    int last;
    do {
      last = rules.lives().sweep(pools, SWEEP_LIMIT, retryNanos);
      dropped += last;
    } while (last > 0);
    return dropped;
  }

  private synchronized void scheduleSweep() {
    if (rules.options().hasLives() && !closed) {
      nextSweep =
          deadlines.scheduleAfter(
              rules.options().sweepNanos(),
              () -> {
                try {
                  executor.execute(this::sweepAndSchedule);
                } catch (RejectedExecutionException e) {
                  LOG.log(System.Logger.Level.DEBUG, "no more sweeps: the executor has ended", e);
                }
              });
    }
  }

  private void sweepAndSchedule() {
    synchronized (this) {
      if (closed) {
        return;
      }
    }
    sweep();
    scheduleSweep();
  }

  /** {@return what is kept and was dropped} */
  public RetentionStatistics statistics() {
    Map<String, PinStatistics> pins = new HashMap<>();
    Map<String, LeaseStatistics> leases = new HashMap<>();
    for (Kept tier : tiers) {
      pins.put(tier.tier, tier.pins.statistics());
      leases.put(tier.tier, tier.leases.statistics());
    }
    return new RetentionStatistics(
        pins,
        leases,
        rules.lives().statistics(),
        rules.options().maxNamespaces() > 0 ? rules.namespaces().statistics() : List.of());
  }

  /** Ends all pins and leases and sweeps no more. Idempotent. */
  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      if (nextSweep != null) {
        nextSweep.cancel();
      }
    }
    for (Kept tier : tiers) {
      tier.leases.close();
      tier.pins.close();
    }
  }
}
