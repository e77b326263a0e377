package io.kvbm.testkit.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.CorruptionException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.ErrorKind;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.storage.Region;
import io.kvbm.api.store.BlockRead;
import io.kvbm.api.store.BlockStore;
import io.kvbm.api.store.BlockStoreFactory;
import io.kvbm.api.store.BlockWrite;
import io.kvbm.api.store.RecoveryReport;
import io.kvbm.api.store.StoredBlock;
import io.kvbm.api.transfer.BlockOutcome;
import io.kvbm.testkit.BytePatterns;
import io.kvbm.testkit.Feature;
import io.kvbm.testkit.RecordingCompletion;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The contract of {@link BlockStoreFactory} and {@link BlockStore}, for the backend's first
 * factory.
 */
public abstract class BlockStoreContract extends BackendContract {

  private static final int SLOTS = 16;
  private static final int SLOT_BYTE_SIZE = 12_000;
  private static final long FINGERPRINT = 0x5EED_0F_B10C5L;

  private final Arena arena = Arena.ofShared();
  private BlockStoreFactory factory;
  private BlockStore store;

  /** Creates the contract; called by JUnit. */
  protected BlockStoreContract() {}

  @BeforeEach
  final void openStore() {
    factory = offered(Feature.BLOCK_STORE, Backend::blockStores).getFirst();
    store = open(FINGERPRINT);
    store.recover(found -> {});
  }

  @AfterEach
  final void closeStore() {
    if (store != null) {
      store.close();
    }
    arena.close();
  }

  private BlockStore open(long fingerprint) {
    return factory.open(new BlockStoreFactory.Spec(SLOTS, SLOT_BYTE_SIZE, fingerprint));
  }

  private static BlockKey key(long number) {
    return BlockKey.derived(BytePatterns.word(77, number));
  }

  private BlockWrite write(int slot, long number, long generation, int byteSize) {
    MemorySegment bytes = BytePatterns.allocate(arena, byteSize, number);
    return new BlockWrite(
        slot, key(number), null, generation, 3, List.of(new Region.HostRegion(bytes)));
  }

  private MemorySegment target(long byteSize) {
    MemorySegment target = arena.allocate(byteSize, 8);
    BytePatterns.guard(target);
    return target;
  }

  private static BlockRead read(int slot, BlockKey key, long generation, MemorySegment target) {
    return new BlockRead(slot, key, generation, List.of(new Region.HostRegion(target)));
  }

  private void put(int slot, long number, long generation, int byteSize) {
    RecordingCompletion completion = completion(1);
    store.write(List.of(write(slot, number, generation, byteSize)), completion);
    assertThat(completion.await()).containsExactly(new BlockOutcome.Done(byteSize));
  }

  private RecordingCompletion get(BlockRead... reads) {
    RecordingCompletion completion = completion(reads.length);
    store.read(List.of(reads), completion);
    completion.await();
    return completion;
  }

  private void assertHolds(int slot, long number, long generation, int byteSize) {
    MemorySegment target = target(byteSize);
    RecordingCompletion completion = get(read(slot, key(number), generation, target));
    assertThat(completion.await())
        .as("block %d in slot %d", number, slot)
        .containsExactly(new BlockOutcome.Done(byteSize));
    BytePatterns.verify(target, number, "block " + number + " in slot " + slot);
  }

  private void assertHoldsNothing(int slot, long number, long generation) {
    RecordingCompletion completion = get(read(slot, key(number), generation, target(64)));
    assertThat(completion.awaitFailure(0).code()).isEqualTo(ErrorCode.NOT_FOUND);
  }

  @Test
  void hasTheSizeAskedForAndTheFactorysKind() {
    assertThat(store.slots()).isEqualTo(SLOTS);
    assertThat(store.slotByteSize()).isGreaterThanOrEqualTo(SLOT_BYTE_SIZE);
    assertThat(openHarness().provider().storageKinds()).contains(factory.storageKind());
  }

  @Test
  void givesExactlyTheBytesWritten() {
    int number = 0;
    for (int byteSize : new int[] {1, 7, 4095, 4096, 4097, SLOT_BYTE_SIZE}) {
      put(number % SLOTS, number, 1, byteSize);
      assertHolds(number % SLOTS, number, 1, byteSize);
      number++;
    }
  }

  @Test
  void slotsDoNotTouchEachOther() {
    for (int slot = 0; slot < SLOTS; slot++) {
      put(slot, slot, 1, SLOT_BYTE_SIZE);
    }
    put(5, 105, 2, SLOT_BYTE_SIZE);
    for (int slot = 0; slot < SLOTS; slot++) {
      if (slot != 5) {
        assertHolds(slot, slot, 1, SLOT_BYTE_SIZE);
      }
    }
    assertHolds(5, 105, 2, SLOT_BYTE_SIZE);
  }

  @Test
  void gathersAndScattersInOrder() {
    MemorySegment whole = BytePatterns.allocate(arena, 9000, 9);
    BlockWrite write =
        new BlockWrite(0, key(9), key(8), 1, 0, pieces(whole, 0, 100, 101, 4096, 9000));
    RecordingCompletion written = completion(1);
    store.write(List.of(write), written);
    written.awaitDone();
    MemorySegment target = target(9000);
    RecordingCompletion scattered =
        get(new BlockRead(0, key(9), 1, pieces(target, 0, 1, 5000, 8999, 9000)));
    scattered.awaitDone();
    BytePatterns.verify(target, 9, "scattered block");
  }

  private static List<Region> pieces(MemorySegment whole, long... cuts) {
    List<Region> pieces = new ArrayList<>();
    for (int i = 1; i < cuts.length; i++) {
      pieces.add(new Region.HostRegion(whole.asSlice(cuts[i - 1], cuts[i] - cuts[i - 1])));
    }
    return pieces;
  }

  @Test
  void resultsArePerBlockAndDrainedIsLast() {
    put(0, 0, 1, 1000);
    put(1, 1, 1, 1000);
    MemorySegment first = target(1000);
    MemorySegment last = target(1000);
    RecordingCompletion mixed =
        get(
            read(0, key(0), 1, first),
            read(0, key(99), 1, target(1000)),
            read(9, key(9), 1, target(1000)),
            read(SLOTS, key(0), 1, target(1000)),
            read(1, key(1), 1, last));
    assertThat(mixed.await().get(0)).isEqualTo(new BlockOutcome.Done(1000));
    assertThat(mixed.awaitFailure(1)).isInstanceOf(CorruptionException.class);
    assertThat(mixed.awaitFailure(2).code()).isEqualTo(ErrorCode.NOT_FOUND);
    assertThat(mixed.awaitFailure(3).kind()).isEqualTo(ErrorKind.CALLER);
    assertThat(mixed.await().get(4)).isEqualTo(new BlockOutcome.Done(1000));
    BytePatterns.verify(first, 0, "first block");
    BytePatterns.verify(last, 1, "last block");
  }

  @Test
  void anEmptyRequestIsDrained() {
    assertThat(get().await()).isEmpty();
    RecordingCompletion completion = completion(0);
    store.write(List.of(), completion);
    assertThat(completion.await()).isEmpty();
  }

  @Test
  void anotherKeyIsCorrupt() {
    put(3, 3, 1, 500);
    BlockKey sameHash = new BlockKey(key(3).hi() + 1, key(3).lo());
    BlockKey sameDigest = new BlockKey(key(3).hi(), key(3).lo() + 1);
    for (BlockKey wrong : List.of(key(4), sameHash, sameDigest)) {
      assertThat(get(read(3, wrong, 1, target(500))).awaitFailure(0))
          .isInstanceOf(CorruptionException.class)
          .extracting("code")
          .isEqualTo(ErrorCode.CORRUPT);
    }
    assertHolds(3, 3, 1, 500);
  }

  @Test
  void anotherGenerationIsCorrupt() {
    put(3, 3, 7, 500);
    for (long wrong : new long[] {0, 6, 8, Long.MAX_VALUE}) {
      assertThat(get(read(3, key(3), wrong, target(500))).awaitFailure(0))
          .isInstanceOf(CorruptionException.class);
    }
    put(3, 3, 8, 500);
    assertThat(get(read(3, key(3), 7, target(500))).awaitFailure(0))
        .isInstanceOf(CorruptionException.class);
    assertHolds(3, 3, 8, 500);
  }

  @Test
  void anEmptySlotIsNotFound() {
    assertHoldsNothing(0, 0, 1);
    assertHoldsNothing(SLOTS - 1, 0, 0);
  }

  @Test
  void aBlockLongerThanItsSlotFailsAlone() {
    RecordingCompletion completion = completion(2);
    int tooLong = (int) store.slotByteSize() + 1;
    store.write(List.of(write(0, 0, 1, tooLong), write(1, 1, 1, 100)), completion);
    assertThat(completion.awaitFailure(0).kind()).isEqualTo(ErrorKind.CALLER);
    assertThat(completion.await().get(1)).isEqualTo(new BlockOutcome.Done(100));
    assertHolds(1, 1, 1, 100);
  }

  @Test
  void aTargetOfAnotherLengthFailsTheRead() {
    put(2, 2, 1, 1000);
    for (long byteSize : new long[] {1, 999, 1001}) {
      assertThat(get(read(2, key(2), 1, target(byteSize))).awaitFailure(0)).isNotNull();
    }
    assertHolds(2, 2, 1, 1000);
  }

  @Test
  void readsTouchOnlyTheirTarget() {
    put(2, 2, 1, 1000);
    MemorySegment around = target(1200);
    get(read(2, key(2), 1, around.asSlice(100, 1000))).awaitDone();
    BytePatterns.verifyAll(around.asSlice(0, 100), BytePatterns.GUARD, "before the target");
    BytePatterns.verify(around.asSlice(100, 1000), 2, "target");
    BytePatterns.verifyAll(around.asSlice(1100), BytePatterns.GUARD, "behind the target");
  }

  @Test
  void invalidateForgetsThatGenerationOnly() {
    put(4, 4, 5, 300);
    store.invalidate(4, 4);
    store.invalidate(4, 6);
    assertHolds(4, 4, 5, 300);
    store.invalidate(4, 5);
    assertHoldsNothing(4, 4, 5);
    store.invalidate(4, 5);
    put(4, 44, 6, 300);
    store.invalidate(4, 5);
    assertHolds(4, 44, 6, 300);
  }

  @Test
  void aCancelledRequestReportsEveryBlock() {
    put(0, 0, 1, 100);
    RecordingCompletion reads = completion(1);
    reads.cancel();
    store.read(List.of(read(0, key(0), 1, target(100))), reads);
    assertThat(reads.await()).containsExactly(new BlockOutcome.Cancelled());
    RecordingCompletion writes = completion(2);
    writes.cancel();
    store.write(List.of(write(1, 1, 1, 100), write(2, 2, 1, 100)), writes);
    assertThat(writes.await()).containsOnly(new BlockOutcome.Cancelled()).hasSize(2);
    assertHolds(0, 0, 1, 100);
  }

  @Test
  void requestsAfterCloseFailBlockByBlock() {
    put(0, 0, 1, 100);
    store.close();
    store.close();
    RecordingCompletion reads = get(read(0, key(0), 1, target(100)));
    assertThat(reads.awaitFailure(0).code()).isEqualTo(ErrorCode.CLOSED);
    RecordingCompletion writes = completion(1);
    store.write(List.of(write(1, 1, 1, 100)), writes);
    assertThat(writes.awaitFailure(0).code()).isEqualTo(ErrorCode.CLOSED);
  }

  @Test
  void aDamagedBlockIsCorrupt() {
    put(6, 6, 1, 2000);
    put(7, 7, 1, 2000);
    Assumptions.assumeTrue(
        openHarness().damageBlock(store, 6), "the harness cannot damage a stored block");
    assertThat(get(read(6, key(6), 1, target(2000))).awaitFailure(0))
        .isInstanceOf(CorruptionException.class);
    assertHolds(7, 7, 1, 2000);
    put(6, 66, 2, 2000);
    assertHolds(6, 66, 2, 2000);
  }

  @Test
  void whatWasDamagedOnTheWayIsNotKept() {
    put(2, 2, 1, 3000);
    BlockWrite sound = write(3, 3, 1, 3000);
    long crc = crc32c(sound);
    RecordingCompletion completion = completion(2);
    store.write(
        List.of(withChecksum(sound, crc), withChecksum(write(2, 22, 2, 3000), crc)), completion);
    assertThat(completion.await().getFirst()).isEqualTo(new BlockOutcome.Done(3000));
    assertThat(completion.awaitFailure(1)).isInstanceOf(CorruptionException.class);
    assertHolds(3, 3, 1, 3000);
    assertThat(get(read(2, key(22), 2, target(3000))).awaitFailure(0))
        .as("a block that was damaged on its way")
        .isNotNull();
    put(2, 23, 3, 3000);
    assertHolds(2, 23, 3, 3000);
  }

  private static long crc32c(BlockWrite write) {
    CRC32C crc = new CRC32C();
    for (Region part : write.source()) {
      crc.update(((Region.HostRegion) part).segment().asByteBuffer());
    }
    return crc.getValue();
  }

  private static BlockWrite withChecksum(BlockWrite write, long crc) {
    return new BlockWrite(
        write.slot(),
        write.key(),
        write.parent(),
        write.generation(),
        write.priority(),
        write.source(),
        crc);
  }

  @Test
  void recoveryGivesWhatAFormerRunLeft() {
    for (int slot = 0; slot < 5; slot++) {
      put(slot, slot, 10 + slot, 800 + slot);
    }
    store.invalidate(4, 14);
    store.close();
    store = open(FINGERPRINT);
    Map<Integer, StoredBlock> found = new HashMap<>();
    RecoveryReport report = store.recover(block -> found.put(block.slot(), block));
    assertThat(report.recovered()).isEqualTo(found.size());
    if (!supports(Feature.BLOCK_STORE_PERSISTENT, factory.isPersistent())) {
      assertThat(found).as("blocks of a store that is not persistent").isEmpty();
      assertHoldsNothing(0, 0, 10);
      return;
    }
    assertThat(found).containsOnlyKeys(0, 1, 2, 3);
    for (int slot = 0; slot < 4; slot++) {
      assertThat(found.get(slot))
          .isEqualTo(new StoredBlock(slot, key(slot), null, 10 + slot, FINGERPRINT, 3));
      assertHolds(slot, slot, 10 + slot, 800 + slot);
    }
  }

  @Test
  void recoveryLeavesOutBlocksOfAnotherFingerprint() {
    put(0, 0, 1, 500);
    store.close();
    store = open(FINGERPRINT + 1);
    List<StoredBlock> found = new ArrayList<>();
    assertThat(store.recover(found::add).recovered()).isZero();
    assertThat(found).isEmpty();
  }

  @Test
  void threadsUseTheirOwnSlotsSideBySide() throws Exception {
    int rounds = scaled(25, 5);
    Concurrently.run(
        thread -> {
          for (int round = 1; round <= rounds; round++) {
            int number = thread * 1000 + round;
            int byteSize = 1 + number * 31 % SLOT_BYTE_SIZE;
            put(thread, number, round, byteSize);
            assertHolds(thread, number, round, byteSize);
          }
        });
  }

  @Test
  void randomOperationsGiveWhatAMapGives() {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    Map<Integer, long[]> model = new HashMap<>(); // slot -> number, generation, byte size
    for (int step = 1; step <= scaled(400, 60); step++) {
      int slot = random.nextInt(SLOTS);
      long[] held = model.get(slot);
      try {
        switch (random.nextInt(4)) {
          case 0, 1 -> {
            int byteSize = 1 + random.nextInt(SLOT_BYTE_SIZE);
            put(slot, step, step, byteSize);
            model.put(slot, new long[] {step, step, byteSize});
          }
          case 2 -> {
            if (held == null) {
              assertHoldsNothing(slot, step, step);
            } else {
              assertHolds(slot, held[0], held[1], (int) held[2]);
            }
          }
          default -> {
            long generation = held != null && random.nextBoolean() ? held[1] : -5;
            store.invalidate(slot, generation);
            if (held != null && generation == held[1]) {
              model.remove(slot);
            }
          }
        }
      } catch (AssertionError e) {
        throw new AssertionError("step %d, seed %d: %s".formatted(step, seed, e.getMessage()), e);
      }
    }
  }
}
