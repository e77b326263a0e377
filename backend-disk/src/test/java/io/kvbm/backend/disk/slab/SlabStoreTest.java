package io.kvbm.backend.disk.slab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.CapacityException;
import io.kvbm.api.CorruptionException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.TransientException;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.disk.Disk.OpenOption;
import io.kvbm.api.disk.DiskFile;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.store.BlockRead;
import io.kvbm.api.store.BlockStoreFactory;
import io.kvbm.api.store.BlockWrite;
import io.kvbm.api.store.RecoveryReport;
import io.kvbm.api.store.StoredBlock;
import io.kvbm.api.transfer.BlockOutcome;
import io.kvbm.backend.disk.io.InlineEngine;
import io.kvbm.backend.disk.io.IoRequest;
import io.kvbm.testkit.ManualClock;
import io.kvbm.testkit.RecordingCompletion;
import io.kvbm.testkit.disk.CrashPhase;
import io.kvbm.testkit.disk.SimDisk;
import io.kvbm.testkit.disk.SimFault;
import io.kvbm.testkit.disk.SimOperation;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class SlabStoreTest {

  private static final int SLOTS = 8;
  private static final long TWO_SLOTS = 2 * (3L * DiskPages.PAGE);

  private final SimDisk disk = SimDisk.of(3);
  private final HeldEngine engine = new HeldEngine();
  private final List<SlabStore> opened = new ArrayList<>();

  @AfterEach
  void closeAll() {
    opened.forEach(SlabStore::close);
  }

  private SlabStore open(BackendConfig config, BlockStoreFactory.Spec spec) {
    SlabStore store =
        SlabStore.open(
            SlabFixture.environment(disk, engine, 5),
            SlabSettings.of(config, SlabFixture.DIRECTORY, "auto"),
            spec);
    opened.add(store);
    return store;
  }

  private SlabStore open() {
    return open(BackendConfig.empty(), SlabFixture.spec(SLOTS));
  }

  private static RecoveryReport recover(SlabStore store) {
    return store.recover(_ -> {});
  }

  private static RecordingCompletion start(SlabStore store, BlockWrite... writes) {
    RecordingCompletion completion = new RecordingCompletion(writes.length);
    store.write(List.of(writes), completion);
    return completion;
  }

  private static BlockWrite block(int slot) {
    return SlabFixture.write(slot, SlabFixture.key(slot), 1);
  }

  private static void assertHolds(SlabStore store, int slot, BlockKey key, long generation) {
    assertThat(SlabFixture.get(store, slot, key, generation))
        .isEqualTo(SlabFixture.content(key, generation));
  }

  // ---- in flight

  @Test
  void noMoreBytesAreInFlightThanAllowedAndTheRestWaitsInLine() {
    SlabStore store =
        open(BackendConfig.of("inFlightBytes", Long.toString(TWO_SLOTS)), SlabFixture.spec(SLOTS));
    recover(store);
    engine.hold(true);
    RecordingCompletion completion = start(store, block(0), block(1), block(2), block(3), block(4));

    for (int left = 5; left > 0; left--) {
      assertThat(engine.waiting()).isEqualTo(Math.min(2, left));
      assertThat(completion.isDrained()).isFalse();
      engine.perform(engine.next());
    }

    engine.hold(false);
    completion.awaitDone();
    for (int slot = 0; slot < 5; slot++) {
      assertHolds(store, slot, SlabFixture.key(slot), 1);
    }
  }

  @Test
  void aStalledDeviceAnswersAtTheDeadlineAndKeepsSlotAndBufferUntilItLetsGo() {
    SlabStore store = open(BackendConfig.of("inFlightBytes", "1"), SlabFixture.spec(SLOTS));
    recover(store);
    engine.hold(true);
    RecordingCompletion stuck = start(store, block(0));
    IoRequest request = engine.next();
    byte[] inFlight = request.memory().toArray(ValueLayout.JAVA_BYTE);
    RecordingCompletion queued = start(store, block(1));
    HeldEngine.answerLate(request);

    assertThat(stuck.isDrained()).isFalse();
    assertThat(queued.awaitFailure(0).code()).isEqualTo(ErrorCode.DEADLINE_EXCEEDED);
    assertThat(start(store, block(2)).awaitFailure(0).code())
        .isEqualTo(ErrorCode.DEADLINE_EXCEEDED);
    assertThat(start(store, block(0)).awaitFailure(0).code()).isEqualTo(ErrorCode.LOCKED);
    assertThat(request.memory().toArray(ValueLayout.JAVA_BYTE))
        .as("the buffer of an operation that is still in flight")
        .isEqualTo(inFlight);

    engine.moveLate(request);
    HeldEngine.release(request);
    assertThat(stuck.awaitFailure(0).code()).isEqualTo(ErrorCode.DEADLINE_EXCEEDED);
    engine.hold(false);
    assertThat(SlabFixture.failure(store, 0, SlabFixture.key(0), 1).code())
        .isEqualTo(ErrorCode.NOT_FOUND);
    assertThat(SlabFixture.put(store, 0, SlabFixture.key(0), 2).isDone()).isTrue();
    assertHolds(store, 0, SlabFixture.key(0), 2);
  }

  @Test
  void aSlotIsReadByManyAndWrittenByNobodyMeanwhile() {
    SlabStore store = open();
    recover(store);
    SlabFixture.put(store, 0, SlabFixture.key(0), 1);
    engine.hold(true);
    List<RecordingCompletion> reads = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      RecordingCompletion read = new RecordingCompletion(1);
      byte[] target = new byte[SlabFixture.content(SlabFixture.key(0), 1).length];
      store.read(
          List.of(
              new BlockRead(
                  0, SlabFixture.key(0), 1, SlabFixture.regions(MemorySegment.ofArray(target)))),
          read);
      reads.add(read);
    }
    assertThat(start(store, SlabFixture.write(0, SlabFixture.key(9), 2)).awaitFailure(0))
        .isInstanceOf(TransientException.class);
    while (engine.waiting() > 0) {
      engine.perform(engine.next());
    }
    reads.forEach(RecordingCompletion::awaitDone);
    RecordingCompletion write = start(store, SlabFixture.write(0, SlabFixture.key(9), 2));
    assertThat(SlabFixture.failure(store, 0, SlabFixture.key(0), 1).code())
        .isEqualTo(ErrorCode.LOCKED);
    engine.perform(engine.next());
    write.awaitDone();
    engine.hold(false);
  }

  // ---- damage

  @Test
  void aDamagedSlotIsQuarantinedUntilItIsRewritten() {
    SlabStore store = open();
    recover(store);
    SlabFixture.put(store, 2, SlabFixture.key(2), 1);
    SlabDamage.flip(store, 2);
    long reads = disk.calls(SimOperation.READ);

    for (int i = 0; i < 2; i++) {
      assertThat(SlabFixture.failure(store, 2, SlabFixture.key(2), 1))
          .isInstanceOf(CorruptionException.class);
    }

    assertThat(disk.calls(SimOperation.READ)).as("read once").isEqualTo(reads + 1);
    assertThat(store.statistics().quarantined()).isEqualTo(1);
    assertThat(store.statistics().misses()).isEqualTo(2);
    SlabFixture.put(store, 2, SlabFixture.key(2), 2);
    assertHolds(store, 2, SlabFixture.key(2), 2);
    assertThat(store.statistics().quarantined()).isZero();
  }

  @Test
  void whatWasQuarantinedIsNotFoundAfterACleanClose() {
    SlabStore store = open();
    recover(store);
    SlabFixture.put(store, 2, SlabFixture.key(2), 1);
    SlabDamage.flip(store, 2);
    SlabFixture.failure(store, 2, SlabFixture.key(2), 1);
    store.close();
    assertThat(recover(open()).recovered()).isZero();
  }

  // ---- recovery

  @Test
  void anOrderlyCloseSparesTheScanAndACrashDoesNot() {
    SlabStore store = open();
    recover(store);
    SlabFixture.put(store, 1, SlabFixture.key(1), 4);
    store.close();

    long reads = disk.calls(SimOperation.READ);
    SlabStore again = open();
    assertThat(recover(again).recovered()).isEqualTo(1);
    assertThat(disk.calls(SimOperation.READ) - reads).as("superblock and snapshot").isEqualTo(3);
    assertHolds(again, 1, SlabFixture.key(1), 4);
    SlabFixture.put(again, 3, SlabFixture.key(3), 1);
    again.abandon();

    SlabStore third = open();
    assertThat(recover(third).recovered()).as("found by their headers").isEqualTo(2);
    assertHolds(third, 3, SlabFixture.key(3), 1);
  }

  @Test
  void ofABlockInTwoSlotsTheNewerOneCounts() {
    SlabStore store = open();
    recover(store);
    BlockKey key = SlabFixture.key(7);
    SlabFixture.put(store, 1, key, 4);
    SlabFixture.put(store, 5, key, 6);
    SlabFixture.put(store, 6, key, 5);
    store.abandon();
    List<StoredBlock> found = new ArrayList<>();
    RecoveryReport report = open().recover(found::add);
    assertThat(found).singleElement().matches(block -> block.slot() == 5);
    assertThat(report.discarded()).isEqualTo(2);
  }

  @Test
  void blocksOfAnotherFingerprintAreCountedAsDiscarded() {
    SlabStore store = open();
    recover(store);
    SlabFixture.put(store, 1, SlabFixture.key(1), 1);
    store.close();
    SlabStore other =
        open(
            BackendConfig.empty(),
            new BlockStoreFactory.Spec(SLOTS, SlabFixture.SLOT_BYTE_SIZE, 1234));
    RecoveryReport report = recover(other);
    assertThat(report.recovered()).isZero();
    assertThat(report.discarded()).isEqualTo(1);
    other.close();
    assertThat(recover(open()).recovered()).as("back under the old one").isEqualTo(1);
  }

  @Test
  void whatFitsStaysWhenTheNumberOfSlotsChanges() {
    SlabStore store = open();
    recover(store);
    for (int slot = 0; slot < SLOTS; slot++) {
      SlabFixture.put(store, slot, SlabFixture.key(slot), 1);
    }
    store.close();
    SlabStore fewer = open(BackendConfig.empty(), SlabFixture.spec(5));
    assertThat(recover(fewer).recovered()).isEqualTo(5);
    fewer.close();
    SlabStore more = open(BackendConfig.empty(), SlabFixture.spec(20));
    assertThat(recover(more).recovered()).isEqualTo(5);
    assertHolds(more, 4, SlabFixture.key(4), 1);
    SlabFixture.put(more, 19, SlabFixture.key(19), 1);
    assertHolds(more, 19, SlabFixture.key(19), 1);
    more.close();
    SlabStore larger = open(BackendConfig.empty(), new BlockStoreFactory.Spec(20, 50_000, 77));
    assertThat(recover(larger).recovered()).as("another size class").isZero();
    assertThat(disk.list(SlabSettings.in(SlabFixture.DIRECTORY).directory()))
        .as("the former class's file is gone")
        .filteredOn(path -> path.toString().endsWith(ExtentFiles.SUFFIX))
        .hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(longs = {0, DiskPages.PAGE})
  void aResizeIsCutShortWhereOneSuperblockIsTornAndNoBlockIsLost(long torn) {
    for (long seed = 0; seed < 50; seed++) {
      SimDisk power = SimDisk.builder(seed).tornSectors().build();
      SlabStore store = SlabFixture.open(power, 3);
      recover(store);
      SlabFixture.put(store, 1, SlabFixture.key(1), 1);
      store.close();
      tearSuperblock(power, torn);

      power.cutAt(CrashPhase.SYNC, 1);
      assertThatThrownBy(() -> SlabFixture.open(power, 6)).isInstanceOf(KvbmException.class);
      SlabStore found = SlabFixture.open(power.reboot(), 6);
      assertThat(recover(found).recovered()).as("blocks, seed %d", seed).isEqualTo(1);
      found.close();
    }
  }

  /** As a resize leaves it that was cut short. */
  private static void tearSuperblock(SimDisk disk, long position) {
    Path extent =
        disk.list(SlabSettings.in(SlabFixture.DIRECTORY).directory()).stream()
            .filter(path -> path.toString().endsWith(ExtentFiles.SUFFIX))
            .findAny()
            .orElseThrow();
    try (DiskFile file = disk.open(extent, EnumSet.of(OpenOption.READ, OpenOption.WRITE));
        Arena arena = Arena.ofConfined()) {
      file.writeFully(position, arena.allocate(512));
      file.sync(true);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aDiskThatFailsWhileTheStoreIsOpenedCostsNoBlock(SimFault fault) {
    SlabStore store = open();
    recover(store);
    for (int slot = 0; slot < SLOTS; slot++) {
      SlabFixture.put(store, slot, SlabFixture.key(slot), 1);
    }
    for (boolean inOrder : new boolean[] {true, false}) {
      if (inOrder) {
        store.close();
      } else {
        store.abandon();
      }
      int failed = 0;
      for (int call = 1; call <= 12; call++) {
        disk.failAt(disk.calls() + call, fault);
        failed += opens() ? 0 : 1;
      }
      for (int i = 0; i < 12; i++) { // faults still ahead
        failed += opens() ? 0 : 1;
      }
      assertThat(failed).isPositive();
      store = open();
      assertThat(recover(store).recovered()).isEqualTo(SLOTS);
    }
  }

  private boolean opens() {
    try {
      SlabStore tried = open();
      try {
        recover(tried);
      } finally {
        tried.abandon();
      }
      return true;
    } catch (KvbmException e) {
      return false;
    }
  }

  @Test
  void twoOpenersAreRefusedAtOnce() {
    open();
    assertThatThrownBy(this::open)
        .isInstanceOf(TransientException.class)
        .hasMessageContaining("locked by");
  }

  // ---- wear

  @Test
  void theDailyBudgetLimitsWhatIsWritten() {
    long daily = 24L * 100 * 3 * DiskPages.PAGE;
    ManualClock clock = new ManualClock();
    WriteBudget budget = new WriteBudget(daily, 3L * DiskPages.PAGE, clock, 1);
    long written = 0;
    for (int minute = 0; minute < 24 * 60; minute++) {
      clock.advance(Duration.ofMinutes(1));
      for (int i = 0; i < 20; i++) {
        written += budget.tryTake(3L * DiskPages.PAGE) ? 3L * DiskPages.PAGE : 0;
      }
    }
    assertThat(written).isBetween(daily * 9 / 10, daily + daily / 24);
  }

  @Test
  void aWriteOverTheBudgetIsACapacityErrorOfThatBlock() {
    SlabStore store = open(BackendConfig.of("dailyWriteBudget", "8KiB"), SlabFixture.spec(SLOTS));
    recover(store);
    List<BlockOutcome> outcomes =
        start(store, block(0), block(1), block(2), block(3), block(4)).await();
    assertThat(outcomes)
        .filteredOn(BlockOutcome.Failed.class::isInstance)
        .isNotEmpty()
        .allMatch(outcome -> ((BlockOutcome.Failed) outcome).cause() instanceof CapacityException);
    assertThat(store.statistics().bytesWritten()).isLessThanOrEqualTo(8192);
    assertThat(store.statistics().rejected() + store.statistics().writes()).isEqualTo(5);
  }

  @Test
  void aBlockIsWrittenAtItsSecondOfferWhereTheFirstIsRejected() {
    SlabStore store = open(BackendConfig.of("admission", "reject-first"), SlabFixture.spec(SLOTS));
    recover(store);
    assertThat(SlabFixture.put(store, 0, SlabFixture.key(0), 1).isDone()).isFalse();
    assertThat(SlabFixture.put(store, 0, SlabFixture.key(0), 1).isDone()).isTrue();
    assertThat(store.statistics().rejected()).isEqualTo(1);
  }

  @Test
  void aStoreWithoutRecoveryStillReadsAndWrites() {
    SlabStore store =
        SlabStore.open(
            SlabFixture.environment(disk, new InlineEngine(), 5),
            SlabSettings.in(SlabFixture.DIRECTORY),
            SlabFixture.spec(SLOTS));
    opened.add(store);
    SlabFixture.put(store, 0, SlabFixture.key(0), 1);
    assertHolds(store, 0, SlabFixture.key(0), 1);
  }
}
