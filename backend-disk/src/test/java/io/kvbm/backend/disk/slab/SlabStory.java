package io.kvbm.backend.disk.slab;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.block.BlockKey;
import io.kvbm.api.store.BlockWrite;
import io.kvbm.api.store.StoredBlock;
import io.kvbm.api.transfer.BlockOutcome;
import io.kvbm.backend.disk.io.SingleThreadEngine;
import io.kvbm.testkit.RecordingCompletion;
import io.kvbm.testkit.disk.CrashPhase;
import io.kvbm.testkit.disk.CrashStory;
import io.kvbm.testkit.disk.SimDisk;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * A block store whose power is cut: a read gives exactly the bytes of that key and generation or is
 * a miss, whatever the disk did. As in core, generations of a slot begin anew where nothing was
 * recovered from it.
 */
final class SlabStory implements CrashStory {

  private static final int LEAST_SLOTS = 3;
  private static final int MOST_SLOTS = 12;
  private static final int KEYS = 5;
  private static final double LOSES = 0.02;

  /** Four slots in a file. */
  private static final long EXTENT_BYTE_SIZE = SlabLayout.SLOTS_START + 4 * (3L * DiskPages.PAGE);

  private final long seed;
  private final SlotChecks checks;
  private final double loses;
  private final Set<LosingDisk.Omission> omitted;
  private final LongAdder hits;
  private final @Nullable BlockKey[] keys = new BlockKey[MOST_SLOTS];
  private final long[] generations = new long[MOST_SLOTS];

  /** Slots whose content must be there: written in this life, by a disk that has not lied yet. */
  private final boolean[] sure = new boolean[MOST_SLOTS];

  private @Nullable SimDisk simulated;
  private @Nullable LosingDisk disk;
  private @Nullable SlabStore store;
  private boolean closedInOrder;

  /** How many the store has now: it grows and shrinks where it is opened again in order. */
  private int slots = 8;

  private long lostBefore;

  private SlabStory(
      long seed,
      SlotChecks checks,
      double loses,
      Set<LosingDisk.Omission> omitted,
      LongAdder hits) {
    this.hits = hits;
    this.seed = seed;
    this.checks = checks;
    this.loses = loses;
    this.omitted = omitted;
  }

  /** On a disk that loses writes; counts blocks that were read and right. */
  static SlabStory losing(long seed, SlotChecks checks, LongAdder hits) {
    return new SlabStory(seed, checks, LOSES, Set.of(), hits);
  }

  /** On a disk that loses nothing but what a power cut takes. */
  static SlabStory honest(long seed) {
    return new SlabStory(seed, SlotChecks.all(), 0, Set.of(), new LongAdder());
  }

  /** As if the store left a kind of sync out. */
  static SlabStory without(long seed, LosingDisk.Omission omission) {
    return new SlabStory(seed, SlotChecks.all(), 0, Set.of(omission), new LongAdder());
  }

  @Override
  public void open(SimDisk found) {
    simulated = found;
    LosingDisk losing = new LosingDisk(found, new SplittableRandom(seed ^ 99), loses, omitted);
    disk = losing;
    boolean afterClose = closedInOrder;
    SlabStore opened =
        SlabStore.open(
            SlabFixture.environment(losing, new SingleThreadEngine(), seed),
            SlabSettings.in(SlabFixture.DIRECTORY).withExtents(EXTENT_BYTE_SIZE),
            SlabFixture.spec(slots),
            checks);
    store = opened;
    List<StoredBlock> blocks = new ArrayList<>();
    opened.recover(blocks::add);
    if (afterClose && hasNeverLied()) {
      assertEveryBlockIsFound(blocks);
    }
    Arrays.fill(sure, false);
    Arrays.fill(keys, null);
    Arrays.fill(generations, 0);
    for (StoredBlock block : blocks) {
      assertThat(keys[block.slot()]).isNull();
      keys[block.slot()] = block.key();
      generations[block.slot()] = block.generation();
      sure[block.slot()] = afterClose && hasNeverLied();
    }
    closedInOrder = false;
    for (StoredBlock block : blocks) {
      read(block.slot());
    }
  }

  private boolean hasNeverLied() {
    return Objects.requireNonNull(simulated).misdirected() == 0
        && lostBefore + Objects.requireNonNull(disk).lost() == 0;
  }

  private void assertEveryBlockIsFound(List<StoredBlock> blocks) {
    Set<BlockKey> wanted = new HashSet<>();
    for (int slot = 0; slot < slots; slot++) {
      if (keys[slot] != null && sure[slot]) {
        wanted.add(keys[slot]);
      }
    }
    Set<BlockKey> found = new HashSet<>();
    blocks.forEach(block -> found.add(block.key()));
    assertThat(found).as("blocks found after a clean close").containsAll(wanted);
  }

  @Override
  public void work(SplittableRandom random, int operations) {
    for (int i = 0; i < operations; i++) {
      int slot = random.nextInt(slots);
      switch (random.nextInt(20)) {
        case 0, 1 -> reopen(random);
        case 2, 3 -> forget(slot);
        case 4, 5, 6, 7, 8, 9 -> write(List.of(slot), random);
        case 10, 11 -> write(threeFrom(slot), random);
        default -> read(slot);
      }
    }
  }

  /** {@return three slots, here and there} */
  private List<Integer> threeFrom(int slot) {
    int step = 1 + (slots - 1) / 2;
    return List.of(slot, (slot + 1) % slots, (slot + step) % slots);
  }

  /** In order, with another size half of the time, while the disk may fail at any call of it. */
  private void reopen(SplittableRandom random) {
    SimDisk same = Objects.requireNonNull(simulated);
    close();
    closedInOrder = !same.isOff();
    if (random.nextBoolean()) {
      slots = LEAST_SLOTS + random.nextInt(MOST_SLOTS - LEAST_SLOTS + 1);
    }
    open(same);
  }

  @Override
  public int usualCalls(CrashPhase phase) {
    return switch (phase) {
      case WRITE -> 40;
      case SYNC -> 12;
      case RENAME -> 24;
      case ALLOCATE -> 2;
      default -> 4;
    };
  }

  private SlabStore store() {
    return Objects.requireNonNull(store);
  }

  private void forget(int slot) {
    store().invalidate(slot, generations[slot]);
    keys[slot] = null;
    sure[slot] = false;
  }

  private void write(List<Integer> slots, SplittableRandom random) {
    List<BlockWrite> writes = new ArrayList<>();
    for (int slot : slots) {
      keys[slot] = null;
      sure[slot] = false;
      BlockKey key = SlabFixture.key(random.nextInt(KEYS));
      writes.add(SlabFixture.write(slot, key, ++generations[slot]));
    }
    RecordingCompletion completion = new RecordingCompletion(writes.size());
    store().write(writes, completion);
    List<BlockOutcome> outcomes = completion.await();
    for (int i = 0; i < writes.size(); i++) {
      if (outcomes.get(i).isDone()) {
        keys[writes.get(i).slot()] = writes.get(i).key();
        sure[writes.get(i).slot()] = true;
      }
    }
  }

  private void read(int slot) {
    BlockKey key = keys[slot];
    if (key == null) {
      key = SlabFixture.key(slot % KEYS);
    }
    byte[] found = SlabFixture.get(store(), slot, key, generations[slot]);
    SimDisk power = Objects.requireNonNull(simulated);
    if (found != null) {
      hits.increment();
      assertThat(keys[slot]).as("slot %d was empty", slot).isNotNull();
      assertThat(found)
          .as("block %s generation %d in slot %d", key, generations[slot], slot)
          .isEqualTo(SlabFixture.content(key, generations[slot]));
    } else if (keys[slot] != null && sure[slot] && hasNeverLied() && !power.isOff()) {
      throw new AssertionError("slot %d lost block %s for no reason".formatted(slot, key));
    }
  }

  @Override
  public void abandon() {
    leave();
    if (store != null) {
      store.abandon();
      store = null;
    }
  }

  @Override
  public void close() {
    store().close();
    store = null;
    closedInOrder = true;
    leave();
  }

  private void leave() {
    if (disk != null) {
      lostBefore += disk.lost();
      disk = null;
    }
  }
}
