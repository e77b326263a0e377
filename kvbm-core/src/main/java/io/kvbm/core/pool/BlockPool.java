package io.kvbm.core.pool;

import io.kvbm.api.CallerException;
import io.kvbm.api.CancellationToken;
import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.block.BasicMetadata;
import io.kvbm.api.block.Block;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.BlockMetadata;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.block.MutableBlock;
import io.kvbm.api.block.RegistrableBlock;
import io.kvbm.api.block.SequenceHash;
import io.kvbm.api.event.EventManager;
import io.kvbm.api.hash.HashScheme;
import io.kvbm.api.layout.Layout;
import io.kvbm.api.layout.LayoutConfig;
import io.kvbm.api.store.BlockStore;
import io.kvbm.api.store.BlockWrite;
import io.kvbm.api.store.StoredBlock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The blocks of one tier: hands out empty ones, finds registered ones by key and evicts those
 * nobody uses.
 *
 * <p>States of a slot: empty, being filled, complete, registered and in use (active), registered
 * and unused (inactive), duplicate. Returning a block is synchronous: {@link #availableBlocks()}
 * counts it when {@code close()} has returned.
 *
 * <p>Guarantees:
 *
 * <ol>
 *   <li>{@link #allocateBlocks} takes all or nothing; empty blocks first, then inactive ones by
 *       policy.
 *   <li>Leaves are evicted before roots: a block with a resident child stays.
 *   <li>A match gives blocks whose content cannot change while they are open, and misses only what
 *       was absent when it looked.
 *   <li>A failed registration leaves every block with the caller.
 * </ol>
 *
 * <p>Threading: safe from any thread. Matches, {@code share()} and {@code close()} of registered
 * blocks take no lock. Ownership: callers close the blocks they get; the pool does not own layout
 * or store.
 */
public final class BlockPool implements AutoCloseable {

  /** A list of results starts with room for so many; longer ones grow. */
  private static final int LARGEST_GUESS = 256;

  private final String name;
  private final HashScheme hashScheme;
  private final EventManager events;
  private final boolean hasEvents;
  private final @Nullable ContentListener content;
  private final @Nullable Predicate<BlockKey> hidden;
  private final Supplier<? extends BlockMetadata> metadata;
  private final DuplicatePolicy duplicates;
  private final PoolMeters meters;
  private final @Nullable LeakDetector leaks;
  private final PendingCalls calls;
  private final Presence presence;
  private final CancellationToken.Registration cancellation;

  /** Guards what is resident: index changes, policy, tree, free list. */
  private final ReentrantLock lock = new ReentrantLock();

  private final SlotIndex index;
  private final SlotUses uses;
  private final Residency residency;
  private final FreeSlots free = new FreeSlots();

  private volatile Slot[] slots;
  private volatile BlockBytes bytes;
  private final LockedCount freeCount = new LockedCount();

  BlockPool(BlockPoolBuilder builder, int capacity, BlockBytes bytes) {
    this.name = builder.name;
    this.hashScheme = builder.hashScheme;
    this.events = builder.events;
    this.hasEvents = builder.hasEvents();
    this.content = builder.content;
    this.hidden = builder.hidden;
    this.metadata = builder.metadata;
    this.duplicates = builder.duplicates;
    this.slots = new Slot[0];
    this.meters =
        new PoolMeters(
            builder.metrics, builder.clock, name, this::totalBlocks, this::availableBlocks);
    this.leaks = builder.leakReport == null ? null : new LeakDetector(name, builder.leakReport);
    this.calls = new PendingCalls("pool " + name, builder.executor);
    this.presence = builder.presence;
    this.bytes = bytes;
    this.index = new SlotIndex(capacity, new Slot(-1, metadata.get()));
    this.uses = new SlotUses(index, lock, this::resetDetached);
    this.residency = new Residency(builder.policy.create(capacity), index);
    addSlots(capacity);
    this.cancellation = builder.cancellation.onCancel(calls::shutDown);
  }

  /** {@return a builder} */
  public static BlockPoolBuilder builder() {
    return new BlockPoolBuilder();
  }

  /** {@return the name in messages and metrics} */
  public String name() {
    return name;
  }

  /** {@return the shape of a block} */
  public LayoutConfig shape() {
    return bytes.shape();
  }

  /** {@return where the bytes are; empty for tiers that keep blocks by key and for logical ones} */
  public Optional<Layout> layout() {
    return Optional.ofNullable(bytes.layout());
  }

  /**
   * {@return the store that keeps the blocks by key; empty for tiers with a layout and for logical
   * ones}
   */
  public Optional<BlockStore> store() {
    return Optional.ofNullable(bytes.store());
  }

  /** {@return the scheme that names blocks} */
  public HashScheme hashScheme() {
    return hashScheme;
  }

  /** {@return how many blocks there are} */
  public long totalBlocks() {
    return slots.length;
  }

  /**
   * {@return how many blocks are empty or unused}; an unused parent of a block in use counts,
   * though it stays until that one is returned
   */
  public long availableBlocks() {
    return freeCount.value() + uses.inactiveCount();
  }

  /** {@return how many blocks are in which state} */
  public PoolStatus status() {
    long empty = freeCount.value();
    long unused = uses.inactiveCount();
    return new PoolStatus(slots.length - empty - unused, unused, empty);
  }

  /** {@return what was counted since the pool was made} */
  public PoolStatistics statistics() {
    return meters.statistics();
  }

  /** {@return which blocks came and left since the pool was made} */
  public PoolResidency residency() {
    return meters.residency();
  }

  // ---- allocation

  /**
   * Takes blocks to be filled: empty ones first, then inactive ones, whose content is dropped.
   *
   * @param count how many, at least 0
   * @return the blocks; the caller closes or registers each
   * @throws CapacityException with {@link ErrorCode#NOT_ENOUGH_BLOCKS_AVAILABLE} if there are
   *     fewer; nothing was taken and nothing evicted
   */
  public List<MutableBlock> allocateBlocks(int count) {
    calls.requireRunning();
    return Objects.requireNonNull(allocate(count, true));
  }

  /**
   * Takes empty blocks to be filled; no content is dropped for them.
   *
   * @param count how many, at least 0
   * @return the blocks, or empty if fewer are empty; nothing was taken then
   */
  public Optional<List<MutableBlock>> tryAllocateEmptyBlocks(int count) {
    calls.requireRunning();
    return count > freeCount.value()
        ? Optional.empty()
        : Optional.ofNullable(allocate(count, false));
  }

  private @Nullable List<MutableBlock> allocate(int count, boolean evicts) {
    if (count < 0) {
      throw new CallerException(ErrorCode.INVALID_ARGUMENT, "cannot allocate " + count + " blocks");
    }
    long start = meters.startTime();
    List<MutableBlock> blocks = new ArrayList<>(Math.min(count, slots.length));
    lock.lock();
    try {
      drainReturned();
      int missing = count - free.size();
      if (missing > 0) {
        if (!evicts) {
          return null;
        }
        evict(missing, count);
      }
      for (int i = 0; i < count; i++) {
        blocks.add(takeFree());
      }
      freeCount.set(free.size());
      meters.allocated(count, count - Math.max(0, missing));
    } finally {
      lock.unlock();
    }
    meters.allocationTook(start);
    return blocks;
  }

  /**
   * Like {@link #allocateBlocks}, but empty where there are too few.
   *
   * @param count how many, at least 0
   * @return the blocks, or empty; nothing was taken then
   */
  public Optional<List<MutableBlock>> tryAllocateBlocks(int count) {
    try {
      return Optional.of(allocateBlocks(count));
    } catch (CapacityException e) {
      return Optional.empty();
    }
  }

  /**
   * Like {@link #allocateBlocks}, on the pool's executor.
   *
   * @param count how many, at least 0
   * @return completes with the blocks
   */
  public CompletionStage<List<MutableBlock>> allocateBlocksAsync(int count) {
    return calls.submit(() -> allocateBlocks(count), BlockPool::closeAll);
  }

  private MutableBlock takeFree() {
    Slot slot = free.removeFirst();
    slot.generation++;
    slot.checksum = BlockWrite.NO_CHECKSUM;
    slot.dropsWhenUnused = false;
    slot.metadata.onAcquired(uses.now());
    slot.publish(Slot.MUTABLE, 1);
    if (hasEvents) {
      events.blockAllocated(slot.id);
    }
    return fillingHandle(slot);
  }

  /** Moves {@code missing} inactive blocks to the free list, or none. */
  private void evict(int missing, int requested) {
    Slot[] all = slots;
    List<Slot> victims = new ArrayList<>(Math.min(missing, all.length));
    while (victims.size() < missing) {
      Slot victim = residency.beginEviction(all);
      if (victim == null && residency.offerReturning(all)) {
        continue;
      }
      if (victim == null) {
        meters.rolledBack();
        residency.cancelEvictions(victims);
        throw notEnough(free.size() + victims.size(), requested);
      }
      victims.add(victim);
    }
    for (Slot victim : victims) {
      index.remove(victim);
      uses.countInactive(-1);
      afterEviction(victim, LeaveCause.CAPACITY);
    }
    meters.evicted(victims.size());
  }

  private CapacityException notEnough(long available, int requested) {
    return new CapacityException(
        ErrorCode.NOT_ENOUGH_BLOCKS_AVAILABLE,
        "pool %s has %d of %d blocks available, %d asked for; close blocks or ask for fewer"
            .formatted(name, available, slots.length, requested),
        requested,
        available);
  }

  private void afterEviction(Slot slot, LeaveCause cause) {
    tellLeft(slot, cause);
    vacate(slot);
  }

  private void tellLeft(Slot slot, LeaveCause cause) {
    meters.left(cause, slot.enteredNanos);
    if (content != null) {
      content.left(Objects.requireNonNull(slot.key));
    }
  }

  /** Lets go of the content of a slot that is out of the index. Under the lock. */
  private void vacate(Slot slot) {
    presence.left(slot);
    if (hasEvents) {
      events.blockEvicted(slot.id);
    }
    recycle(slot);
  }

  /** Puts a slot without content on the free list. Under the lock. */
  private void recycle(Slot slot) {
    slot.key = null;
    slot.parentKey = null;
    slot.leaving = false;
    slot.metadata = slot.metadata.reset();
    slot.publish(Slot.RESET, 0);
    free.addLast(slot);
    freeCount.set(free.size());
  }

  // ---- registration

  /**
   * Makes complete blocks findable. Consumes them.
   *
   * <p>Where a key is registered already, {@link DuplicatePolicy#REJECT} hands back the block that
   * is there and returns the candidate to the pool; {@link DuplicatePolicy#ALLOW} keeps both.
   *
   * @param blocks complete blocks of this pool; a parent goes before its children
   * @return one block for each given, in order; the caller closes each
   * @throws CallerException with {@link ErrorCode#BLOCK_NOT_COMPLETE} if a block lacks tokens, with
   *     {@link ErrorCode#INVALID_MUTABLE_BLOCK} if one was consumed, closed, given twice or is
   *     another pool's; every block stays with the caller
   */
  public List<ImmutableBlock> registerBlocks(List<? extends RegistrableBlock> blocks) {
    calls.requireRunning();
    long start = meters.startTime();
    List<Registrable> checked = new ArrayList<>(blocks.size());
    for (RegistrableBlock block : blocks) {
      checked.add(requireRegistrable(block));
    }
    List<ImmutableBlock> result = new ArrayList<>(blocks.size());
    lock.lock();
    try {
      consumeAll(checked);
      for (Registrable block : checked) {
        result.add(register(block));
      }
    } finally {
      lock.unlock();
    }
    meters.registrationTook(start);
    return result;
  }

  /**
   * Like {@link #registerBlocks}, on the pool's executor.
   *
   * @param blocks complete blocks of this pool
   * @return completes with one block for each given
   */
  public CompletionStage<List<ImmutableBlock>> registerBlocksAsync(
      List<? extends RegistrableBlock> blocks) {
    return calls.submit(() -> registerBlocks(blocks), BlockPool::closeAll);
  }

  private Registrable requireOwn(RegistrableBlock block) {
    if (!(block instanceof Registrable own) || own.handle().pool != this) {
      throw new CallerException(
          ErrorCode.INVALID_MUTABLE_BLOCK,
          "block " + block.blockId() + " does not belong to pool " + name);
    }
    own.handle().requireOpen();
    return own;
  }

  private Registrable requireRegistrable(RegistrableBlock block) {
    Registrable own = requireOwn(block);
    if (own.knownKey().isEmpty()) {
      throw new CallerException(
          ErrorCode.BLOCK_NOT_COMPLETE,
          "block %d of pool %s is not complete; add its tokens and mark it complete first"
              .formatted(block.blockId(), name));
    }
    return own;
  }

  /** Ends all handles or none: one given twice or closed meanwhile spoils the batch. */
  private void consumeAll(List<Registrable> blocks) {
    for (int i = 0; i < blocks.size(); i++) {
      PooledBlock handle = blocks.get(i).handle();
      if (!handle.tryEnd()) {
        for (int j = 0; j < i; j++) {
          blocks.get(j).handle().reopen();
        }
        throw new CallerException(
            ErrorCode.INVALID_MUTABLE_BLOCK,
            "block %d was given twice or closed meanwhile".formatted(handle.slot.id));
      }
    }
  }

  private ImmutableBlock register(Registrable block) {
    Slot slot = block.handle().slot;
    BlockKey key = block.knownKey().orElseThrow();
    Slot primary = index.find(key);
    if (primary != null && uses.tryTake(primary) == Slot.REGISTERED) {
      return registerSecond(slot, key, block.knownParent(), primary);
    }
    enter(slot, key, block.knownParent(), 1, block.knownTokens());
    meters.registered();
    if (hasEvents) {
      events.blockRegistered(slot.id, hashScheme.sequenceHash(key));
    }
    return handle(slot);
  }

  private ImmutableBlock registerSecond(
      Slot slot, BlockKey key, @Nullable BlockKey parent, Slot primary) {
    if (duplicates == DuplicatePolicy.REJECT) {
      recycle(slot);
      meters.deduplicated();
      return handle(primary);
    }
    slot.keyHi = key.hi();
    slot.keyLo = key.lo();
    slot.key = key;
    slot.parentKey = parent;
    slot.primary = primary;
    slot.publish(Slot.DETACHED, 1);
    presence.entered(slot);
    meters.duplicated();
    return handle(slot);
  }

  private void enter(Slot slot, BlockKey key, @Nullable BlockKey parent, int uses, int[] tokens) {
    slot.keyHi = key.hi();
    slot.keyLo = key.lo();
    slot.key = key;
    slot.parentKey = parent;
    presence.entered(slot);
    slot.publish(Slot.REGISTERED, uses);
    index.insert(slot);
    residency.enter(slot);
    slot.enteredNanos = meters.entered();
    if (content != null) {
      content.entered(slot.id, key, parent, tokens);
    }
  }

  /**
   * Takes over blocks that somebody other than their holder is going to fill. Consumes the handles.
   *
   * @param blocks blocks of this pool that are being filled
   * @return a new handle on each, in order; the caller closes or registers each
   * @throws CallerException with {@link ErrorCode#INVALID_MUTABLE_BLOCK} if one was consumed,
   *     closed, given twice or is another pool's; every block stays with its holder
   */
  public List<MutableBlock> takeOver(List<? extends MutableBlock> blocks) {
    List<Registrable> own = new ArrayList<>(blocks.size());
    for (MutableBlock block : blocks) {
      own.add(requireOwn(block));
    }
    consumeAll(own);
    List<MutableBlock> taken = new ArrayList<>(own.size());
    for (Registrable block : own) {
      taken.add(fillingHandle(block.handle().slot));
    }
    return taken;
  }

  /**
   * Takes up blocks that a store found on recovery; they are inactive.
   *
   * @param block what the store found; its slot is empty here
   * @throws CallerException with {@link ErrorCode#FAILED_TO_REGISTER_BLOCK} if the slot or the key
   *     is taken, with {@link ErrorCode#INVALID_BLOCK_INDEX} if there is no such slot; nothing was
   *     changed
   */
  public void restore(StoredBlock block) {
    lock.lock();
    try {
      if (block.slot() < 0 || block.slot() >= slots.length) {
        throw new CallerException(
            ErrorCode.INVALID_BLOCK_INDEX,
            "slot %d of pool %s is not below %d".formatted(block.slot(), name, slots.length));
      }
      Slot slot = slots[block.slot()];
      if (slot.phase() != Slot.RESET || index.find(block.key()) != null) {
        throw new CallerException(
            ErrorCode.FAILED_TO_REGISTER_BLOCK,
            "slot %d of pool %s or key %s is taken".formatted(block.slot(), name, block.key()));
      }
      free.remove(slot);
      freeCount.set(free.size());
      slot.generation = block.generation();
      slot.checksum = BlockWrite.NO_CHECKSUM;
      if (slot.metadata instanceof BasicMetadata basic) {
        basic.setPriority(block.priority());
      }
      enter(slot, block.key(), block.parent(), 0, FillingBlock.NO_TOKENS);
      uses.countInactive(1);
      residency.used(slot);
      residency.offerIfIdle(slot);
    } finally {
      lock.unlock();
    }
  }

  // ---- lookup

  /**
   * Finds the longest prefix of a sequence that is registered and takes each of its blocks into
   * use.
   *
   * @param keys the blocks of the sequence, in order
   * @return the blocks found, in order; the caller closes each
   */
  public List<ImmutableBlock> matchBlocks(List<BlockKey> keys) {
    calls.requireRunning();
    long start = meters.startTime();
    int count = keys.size();
    List<ImmutableBlock> found = new ArrayList<>(0);
    SlotUses.Tally tally = new SlotUses.Tally();
    try {
      for (int i = 0; i < count; i++) {
        BlockKey key = keys.get(i);
        Slot slot = take(key, tally);
        if (slot == null) {
          break;
        }
        if (i == 0) {
          found = new ArrayList<>(Math.min(count, LARGEST_GUESS)); // most misses end before this
        }
        found.add(matched(slot));
      }
    } finally {
      uses.settle(tally);
    }
    meters.matched(count, found.size());
    meters.matchTook(start);
    return found;
  }

  /**
   * Like {@link #matchBlocks}, for callers who know the 64-bit hashes only; the digests are not
   * compared.
   *
   * @param hashes the blocks of the sequence, in order
   * @return the blocks found, in order; the caller closes each
   * @throws CallerException with {@link ErrorCode#UNSUPPORTED} if the hash scheme's keys cannot be
   *     found by their sequence hash alone: use {@link #matchBlocks}
   */
  public List<ImmutableBlock> matchSequenceHashes(List<SequenceHash> hashes) {
    calls.requireRunning();
    if (!hashScheme.keysBySequenceHash()) {
      throw new CallerException(
          ErrorCode.UNSUPPORTED,
          "keys of hash scheme %s are not found by sequence hash alone; match blocks by key"
              .formatted(hashScheme.name()));
    }
    long start = meters.startTime();
    List<ImmutableBlock> found = new ArrayList<>(Math.min(hashes.size(), LARGEST_GUESS));
    SlotUses.Tally tally = new SlotUses.Tally();
    try {
      for (SequenceHash hash : hashes) {
        Slot slot = uses.take(0, hash.value(), false, tally);
        if (slot == null) {
          break;
        }
        if (isHidden(Objects.requireNonNull(slot.key))) {
          giveBack(slot);
          break;
        }
        found.add(matched(slot));
      }
    } finally {
      uses.settle(tally);
    }
    meters.matched(hashes.size(), found.size());
    meters.matchTook(start);
    return found;
  }

  /**
   * Like {@link #matchSequenceHashes}, on the pool's executor.
   *
   * @param hashes the blocks of the sequence, in order
   * @return completes with the blocks found
   */
  public CompletionStage<List<ImmutableBlock>> matchSequenceHashesAsync(List<SequenceHash> hashes) {
    return calls.submit(() -> matchSequenceHashes(hashes), BlockPool::closeAll);
  }

  /**
   * Like {@link #matchBlocks}, on the pool's executor.
   *
   * @param keys the blocks of the sequence, in order
   * @return completes with the blocks found
   */
  public CompletionStage<List<ImmutableBlock>> matchBlocksAsync(List<BlockKey> keys) {
    return calls.submit(() -> matchBlocks(keys), BlockPool::closeAll);
  }

  /**
   * Looks each key up on its own, without the rule of the prefix.
   *
   * @param keys any blocks; one may be asked for twice
   * @return one entry for each key, empty where it is not registered; the caller closes the blocks
   */
  public List<Optional<ImmutableBlock>> matchScattered(List<BlockKey> keys) {
    calls.requireRunning();
    List<Optional<ImmutableBlock>> found = new ArrayList<>(keys.size());
    int hits = 0;
    SlotUses.Tally tally = new SlotUses.Tally();
    try {
      for (BlockKey key : keys) {
        Slot slot = take(key, tally);
        hits += slot == null ? 0 : 1;
        found.add(slot == null ? Optional.empty() : Optional.of(matched(slot)));
      }
    } finally {
      uses.settle(tally);
    }
    meters.matchedScattered(keys.size(), hits);
    return found;
  }

  /**
   * Looks one key up.
   *
   * @param key the block
   * @return the block in use, or empty if it is not registered; the caller closes it
   */
  public Optional<ImmutableBlock> find(BlockKey key) {
    calls.requireRunning();
    SlotUses.Tally tally = new SlotUses.Tally();
    Slot slot = take(key, tally);
    uses.settle(tally);
    meters.matched(1, slot == null ? 0 : 1);
    return slot == null ? Optional.empty() : Optional.of(matched(slot));
  }

  /**
   * {@return whether a block is registered now; it is not taken into use and may be evicted at
   * once}
   *
   * @param key the block
   */
  public boolean contains(BlockKey key) {
    Slot slot = index.find(key);
    if (slot == null) {
      return false;
    }
    int phase = slot.phase();
    if (phase == Slot.EVICTING) {
      lock.lock();
      try {
        return index.find(key) != null;
      } finally {
        lock.unlock();
      }
    }
    return phase == Slot.REGISTERED;
  }

  /**
   * Marks blocks as used now, as a match followed by closing would.
   *
   * @param keys the blocks; those not registered are left out
   * @return how many were registered
   */
  public int touch(List<BlockKey> keys) {
    List<Optional<ImmutableBlock>> found = matchScattered(keys);
    int count = 0;
    for (Optional<ImmutableBlock> block : found) {
      if (block.isPresent()) {
        block.get().close();
        count++;
      }
    }
    return count;
  }

  private @Nullable Slot take(BlockKey key, SlotUses.Tally tally) {
    return isHidden(key) ? null : uses.take(key.hi(), key.lo(), true, tally);
  }

  private boolean isHidden(BlockKey key) {
    return hidden != null && hidden.test(key);
  }

  private ImmutableBlock matched(Slot slot) {
    if (hasEvents) {
      events.blockMatched(slot.id, hashScheme.sequenceHash(Objects.requireNonNull(slot.key)));
    }
    return handle(slot);
  }

  Optional<ImmutableBlock> upgrade(WeakPooledBlock weak) {
    Slot slot = weak.slot();
    if (!uses.takeAgain(slot, weak.generation())) {
      return Optional.empty();
    }
    if (isHidden(Objects.requireNonNull(slot.key))) {
      giveBack(slot);
      return Optional.empty();
    }
    return Optional.of(handle(slot));
  }

  // ---- return

  void giveBack(Slot slot) {
    uses.giveBack(slot);
    if (slot.dropsWhenUnused) {
      dropUnused(slot);
    }
  }

  /**
   * Says whether a block is dropped, rather than kept for whoever asks next, once nobody uses it:
   * for content that will not be asked for again. It holds for the content and ends with it; a
   * block with resident children is kept until they are gone and it is used once more.
   *
   * @param block an open block of this pool
   * @param value the last one given counts
   */
  public void dropWhenUnused(ImmutableBlock block, boolean value) {
    RegisteredBlock own = requireOwn(block);
    own.requireOpen();
    own.slot.dropsWhenUnused = value;
  }

  private void dropUnused(Slot slot) {
    lock.lock();
    try {
      drainReturned();
      if (slot.dropsWhenUnused && !slot.hasChildren() && slot.tryBeginEviction()) {
        drop(slot, LeaveCause.RESET);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Gives a use back; returns whether the block became inactive, which the caller counts. */
  private boolean release(Slot slot) {
    if (slot.dropsWhenUnused) {
      giveBack(slot);
      return false;
    }
    return uses.release(slot);
  }

  /**
   * Returns a block like its {@code close()}, but only if nobody else uses it.
   *
   * @param block a block of this pool
   * @throws CallerException with {@link ErrorCode#NOT_RETURNABLE} if it is shared, or a duplicate
   *     of it lives; the handle stays open
   */
  public void returnBlock(ImmutableBlock block) {
    RegisteredBlock own = requireOwn(block);
    own.requireOpen();
    if (own.slot.uses() > 1) {
      throw new CallerException(
          ErrorCode.NOT_RETURNABLE,
          "block %d has %d other users; close theirs first"
              .formatted(own.slot.id, own.slot.uses() - 1));
    }
    own.close();
  }

  /** Returns an unregistered block. */
  void discard(Slot slot) {
    lock.lock();
    try {
      recycle(slot);
    } finally {
      lock.unlock();
    }
  }

  private void resetDetached(Slot slot) {
    Slot primary;
    lock.lock();
    try {
      primary = slot.primary;
      slot.primary = null;
      presence.left(slot);
      recycle(slot);
    } finally {
      lock.unlock();
    }
    if (primary != null) {
      giveBack(primary);
    }
  }

  /** Tells the policy which blocks were returned since the last time. Under the lock. */
  private void drainReturned() {
    Slot slot = uses.drain();
    while (slot != null) {
      Slot next = slot.nextReturned;
      slot.leaveQueue();
      if (slot.phase() == Slot.REGISTERED && !slot.leaving) {
        residency.used(slot);
        residency.offerIfIdle(slot);
      }
      slot = next;
    }
  }

  // ---- moving out, resetting

  /**
   * Picks the blocks that would be evicted next and keeps them in use, so that they can be moved
   * elsewhere first. Lookups find them until {@link Eviction#finish()}.
   *
   * @param count at most so many
   * @return the blocks picked, children before parents; the caller ends each
   */
  public List<Eviction> beginEvictions(int count) {
    calls.requireRunning();
    List<Eviction> picked = new ArrayList<>();
    lock.lock();
    try {
      drainReturned();
      Slot[] all = slots;
      while (picked.size() < count) {
        Slot slot = residency.beginEviction(all);
        if (slot == null && residency.offerReturning(all)) {
          continue;
        }
        if (slot == null) {
          break;
        }
        slot.leaving = true;
        slot.publish(
            Slot.REGISTERED, 1); // in one step: a lookup in between would count itself first
        uses.countInactive(-1);
        picked.add(new Eviction(this, new RegisteredBlock(this, slot)));
      }
    } finally {
      lock.unlock();
    }
    return picked;
  }

  boolean endEviction(RegisteredBlock block, boolean evict) {
    Slot slot = block.slot;
    if (!block.tryEnd()) {
      return false;
    }
    lock.lock();
    try {
      if (evict && !slot.hasChildren() && slot.tryBeginRemoval()) {
        residency.remove(slot);
        index.remove(slot);
        afterEviction(slot, LeaveCause.MOVED);
        meters.evicted(1);
        return true;
      }
      if (slot.leaving) {
        residency.cancelLeaving(slot);
      }
    } finally {
      lock.unlock();
    }
    giveBack(slot);
    return false;
  }

  /**
   * Takes a block out of the index: its content turned out damaged, or lives in another tier now.
   * Its users keep it until they close it; then the slot is empty. Consumes the handle.
   *
   * @param block a block of this pool
   */
  public void remove(ImmutableBlock block) {
    RegisteredBlock own = requireOwn(block);
    Slot slot = own.slot;
    consume(own); // its use is ours from here on: a close at the same time finds it ended
    lock.lock();
    try {
      if (slot.phase() == Slot.REGISTERED) {
        residency.remove(slot);
        index.remove(slot);
        slot.leaving = false;
        slot.changePhase(Slot.DETACHED);
        tellLeft(slot, LeaveCause.REMOVED);
        presence.left(slot);
        if (hasEvents) {
          events.blockEvicted(slot.id);
        }
      }
    } finally {
      lock.unlock();
    }
    giveBack(slot);
  }

  /**
   * Empties the pool.
   *
   * @throws CallerException with {@link ErrorCode#RESET_REFUSED} if any block is in use; nothing
   *     was changed
   */
  public void reset() {
    calls.requireRunning();
    lock.lock();
    try {
      drainReturned();
      Slot[] all = slots;
      List<Slot> removed = new ArrayList<>();
      for (Slot slot : all) {
        if (slot.phase() == Slot.RESET) {
          continue;
        }
        if (!slot.tryBeginEviction()) {
          removed.forEach(undo -> undo.changePhase(Slot.REGISTERED));
          throw new CallerException(
              ErrorCode.RESET_REFUSED,
              "block %d of pool %s is in use; close all blocks before a reset"
                  .formatted(slot.id, name));
        }
        removed.add(slot);
      }
      residency.clear(removed);
      for (Slot slot : removed) {
        takeOut(slot);
        meters.left(LeaveCause.RESET, slot.enteredNanos);
        vacate(slot);
      }
      if (content != null) {
        content.cleared();
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * Makes every registered block one that is not found any more, because its bytes are gone. Those
   * in use stay with their users and go when the last of them closes.
   *
   * @return how many blocks
   */
  public int forgetAll() {
    int forgotten = 0;
    SlotUses.Tally tally = new SlotUses.Tally();
    for (Slot slot : slots) {
      BlockKey key = registeredKey(slot);
      Slot used = key == null ? null : uses.take(key.hi(), key.lo(), true, tally);
      if (used != null) {
        uses.settle(tally);
        tally = new SlotUses.Tally();
        remove(handle(used));
        forgotten++;
      }
    }
    return forgotten;
  }

  private @Nullable BlockKey registeredKey(Slot slot) {
    lock.lock();
    try {
      return slot.phase() == Slot.REGISTERED ? slot.key : null;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Drops blocks that nobody uses and that have no resident child, in the order given.
   *
   * @param keys the blocks; children go before parents
   * @return what became of each
   */
  public ResetReport resetBlocks(List<BlockKey> keys) {
    return resetBlocks(keys, LeaveCause.RESET);
  }

  /**
   * Like {@link #resetBlocks}, of blocks whose time to live is over.
   *
   * @param keys the blocks; children go before parents
   * @return what became of each
   */
  public ResetReport expireBlocks(List<BlockKey> keys) {
    return resetBlocks(keys, LeaveCause.EXPIRED);
  }

  private ResetReport resetBlocks(List<BlockKey> keys, LeaveCause cause) {
    calls.requireRunning();
    List<BlockKey> reset = new ArrayList<>();
    List<BlockKey> notFound = new ArrayList<>();
    List<BlockKey> notReset = new ArrayList<>();
    lock.lock();
    try {
      drainReturned();
      for (BlockKey key : keys) {
        Slot slot = index.find(key);
        if (slot == null) {
          notFound.add(key);
        } else if (slot.hasChildren() || !slot.tryBeginEviction()) {
          notReset.add(key);
        } else {
          drop(slot, cause);
          reset.add(key);
        }
      }
    } finally {
      lock.unlock();
    }
    return new ResetReport(reset, notFound, notReset);
  }

  /** Drops a block in phase EVICTING. Under the lock. */
  private void drop(Slot slot, LeaveCause cause) {
    residency.remove(slot);
    takeOut(slot);
    afterEviction(slot, cause);
  }

  private void takeOut(Slot slot) {
    index.remove(slot);
    uses.countInactive(-1);
  }

  // ---- growth

  /**
   * Adds blocks that lie in another layout of the same shape. Their ids follow those there are.
   *
   * @param more the layout; it stays the caller's
   * @throws CallerException with {@link ErrorCode#INVALID_ARGUMENT} if the shapes differ or this
   *     pool has no layout
   */
  public void addBlocks(Layout more) {
    calls.requireRunning();
    lock.lock();
    try {
      Layout present = bytes.layout();
      if (present == null) {
        throw new CallerException(
            ErrorCode.INVALID_ARGUMENT, "pool " + name + " keeps no layout that blocks could join");
      }
      Layout joined = JoinedLayout.of(present, more);
      bytes = new BlockBytes(joined.config(), joined, null);
      addSlots(more.config().numBlocks());
    } finally {
      lock.unlock();
    }
  }

  /**
   * Like {@link #addBlocks}, on the pool's executor.
   *
   * @param more the layout; it stays the caller's
   * @return completes when the blocks are there
   */
  public CompletionStage<Void> addBlocksAsync(Layout more) {
    return calls.submit(
        () -> {
          addBlocks(more);
          return null;
        },
        nothing -> {});
  }

  private void addSlots(int count) {
    Slot[] old = slots;
    Slot[] next = Arrays.copyOf(old, Math.addExact(old.length, count));
    for (int i = old.length; i < next.length; i++) {
      next[i] = new Slot(i, metadata.get());
      free.addLast(next[i]);
    }
    slots = next;
    if (old.length > 0) {
      residency.grow(next.length);
    }
    freeCount.set(free.size());
  }

  // ---- what handles and the engine need

  /**
   * {@return how often the slot of a block was filled, which a store's reads and writes name}
   *
   * @param block a block of this pool
   */
  public long generation(Block block) {
    return slots[Objects.checkIndex(block.blockId(), slots.length)].generation;
  }

  /**
   * {@return the CRC32C of a block's bytes, or {@link BlockWrite#NO_CHECKSUM} while it is not
   * known}
   *
   * @param block an open block of this pool
   */
  public long checksum(Block block) {
    return slots[Objects.checkIndex(block.blockId(), slots.length)].checksum;
  }

  /**
   * Notes the checksum of a block's bytes, for as long as the block is in its slot.
   *
   * @param block an open block of this pool, filled
   * @param crc32c the CRC32C of its bytes in (layer, outer) order, or {@link
   *     BlockWrite#NO_CHECKSUM}
   */
  public void noteChecksum(Block block, long crc32c) {
    slots[Objects.checkIndex(block.blockId(), slots.length)].checksum = crc32c;
  }

  /**
   * {@return whether every block is one this pool registered}
   *
   * @param blocks any blocks
   */
  public boolean owns(List<? extends Block> blocks) {
    for (Block block : blocks) {
      if (!(block instanceof PooledBlock pooled) || pooled.pool != this) {
        return false;
      }
    }
    return true;
  }

  BlockBytes bytes() {
    return bytes;
  }

  ImmutableBlock handle(Slot slot) {
    RegisteredBlock handle = new RegisteredBlock(this, slot);
    if (leaks != null) {
      handle.watch(leaks.watch(handle, slot.id, slot.key, () -> giveBack(slot)));
    }
    return handle;
  }

  MutableBlock fillingHandle(Slot slot) {
    FillingBlock handle = new FillingBlock(this, slot);
    if (leaks != null) {
      handle.watch(leaks.watch(handle, slot.id, null, () -> discard(slot)));
    }
    return handle;
  }

  StagedBlock stagedHandle(Slot slot, BlockKey key, @Nullable BlockKey parent, int[] tokens) {
    StagedBlock handle = new StagedBlock(this, slot, key, parent, tokens);
    if (leaks != null) {
      handle.watch(leaks.watch(handle, slot.id, key, () -> discard(slot)));
    }
    return handle;
  }

  void consume(PooledBlock handle) {
    if (!handle.tryEnd()) {
      handle.requireOpen();
    }
  }

  private RegisteredBlock requireOwn(ImmutableBlock block) {
    if (block instanceof RegisteredBlock own && own.pool == this) {
      return own;
    }
    throw new CallerException(
        ErrorCode.INVALID_ARGUMENT, "block " + block.blockId() + " is not of pool " + name);
  }

  /**
   * Closes blocks, the last first: so children are returned before their parents.
   *
   * @param blocks blocks of any pool
   */
  public static void closeAll(List<? extends Block> blocks) {
    BlockPool pool = null;
    int idle = 0;
    try {
      for (int i = blocks.size() - 1; i >= 0; i--) {
        if (!(blocks.get(i) instanceof RegisteredBlock own)) {
          blocks.get(i).close();
          continue;
        }
        if (own.pool != pool) {
          countIdle(pool, idle);
          pool = own.pool;
          idle = 0;
        }
        if (own.tryEnd() && pool.release(own.slot)) {
          idle++;
        }
      }
    } finally {
      countIdle(pool, idle);
    }
  }

  private static void countIdle(@Nullable BlockPool pool, int idle) {
    if (pool != null && idle > 0) {
      pool.uses.countInactive(idle);
    }
  }

  /**
   * Ends pending calls with {@link ErrorCode#PROGRESS_ENGINE_SHUTDOWN} and refuses later ones.
   * Blocks still open may be closed afterwards.
   */
  @Override
  public void close() {
    cancellation.close();
    calls.shutDown();
  }

  @Override
  public String toString() {
    return "pool " + name + " " + status();
  }
}
