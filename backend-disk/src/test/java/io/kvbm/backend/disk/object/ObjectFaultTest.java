package io.kvbm.backend.disk.object;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.kvbm.api.CapacityException;
import io.kvbm.api.CorruptionException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.store.Durability;
import io.kvbm.api.store.MaintainedStore.Progress;
import io.kvbm.api.store.PutOptions;
import io.kvbm.testkit.disk.CrashOracle;
import io.kvbm.testkit.disk.SimDisk;
import io.kvbm.testkit.disk.SimFault;
import io.kvbm.testkit.disk.SimOperation;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;

/** Object stores on a disk that fails at each of its calls, or is full. */
class ObjectFaultTest {

  private static final PutOptions SYNCED = PutOptions.DEFAULT.withDurability(Durability.SYNCED);
  private static final StoreSettings SETTINGS = TestSettings.small().build();

  @Test
  void whicheverCallFailsOnceOrForGoodNothingSyncedIsLostAndNothingIsWrong() {
    List<BiConsumer<SimDisk, Long>> faults = new ArrayList<>();
    for (SimFault fault : SimFault.values()) {
      faults.add((disk, call) -> disk.failAt(call, fault));
      faults.add((disk, call) -> disk.failFrom(call, fault));
    }
    faults.add(SimDisk::shortenAt);
    faults.add(SimDisk::shortenFrom);
    long runs = 0;
    for (int kind = 0; kind < faults.size(); kind++) {
      boolean came = true;
      for (long call = 1; came; call++) {
        SimDisk disk = SimDisk.builder(call).tornSectors().build();
        faults.get(kind).accept(disk, call);
        came = survives(disk, call, "fault %d at call %d".formatted(kind, call));
        runs++;
      }
    }
    System.out.println("runs with a fault: " + runs);
  }

  /** {@return whether the fault came at all} */
  private static boolean survives(SimDisk disk, long call, String what) {
    ObjectWorkload work = new ObjectWorkload(SETTINGS);
    try {
      work.run(disk);
      long calls = disk.calls();
      work.abandon();
      disk.repair();
      disk.powerCut();
      work.requireRecovered(disk.reboot());
      return calls >= call;
    } catch (AssertionError | KvbmException e) {
      throw new AssertionError(what, e);
    }
  }

  /** The sync works again afterwards, as it does where a kernel dropped what it could not write. */
  @Test
  void aSyncThatFailsOnceIsReportedAndNothingIsAcknowledgedAsSyncedAfterwards() {
    for (long seed = 0; seed < 200; seed++) {
      SimDisk disk = SimDisk.of(seed);
      LogObjectStore store = ObjectFixture.open(disk, SETTINGS);
      store.put("a", ObjectFixture.value("a", 1, 100), SYNCED);
      disk.failAt(disk.calls() + 2, SimFault.EIO);
      assertPoisoned(
          catchThrowable(() -> store.put("b", ObjectFixture.value("b", 1, 100), SYNCED)));
      assertPoisoned(
          catchThrowable(() -> store.put("c", ObjectFixture.value("c", 1, 100), SYNCED)));
      assertPoisoned(
          catchThrowable(
              () -> store.put("c", ObjectFixture.value("c", 1, 100), PutOptions.DEFAULT)));
      assertPoisoned(
          catchThrowable(() -> store.put("d", ObjectFixture.value("d", 1, 9000), SYNCED)));
      assertPoisoned(catchThrowable(() -> store.delete("a", Durability.SYNCED)));
      assertPoisoned(catchThrowable(store::flush));
      assertPoisoned(catchThrowable(() -> store.compact(Progress.NONE)));
      assertThat(ObjectFixture.version(store, "a")).isEqualTo(1);
      assertPoisoned(catchThrowable(store::close));
      store.close();
      disk.powerCut();
      SimDisk after = disk.reboot();
      try (LogObjectStore again = ObjectFixture.open(after, SETTINGS)) {
        assertThat(ObjectFixture.version(again, "a")).isEqualTo(1);
        assertThat(ObjectFixture.version(again, "b")).isIn(CrashOracle.ABSENT, 1L);
        assertThat(ObjectFixture.version(again, "c")).isEqualTo(CrashOracle.ABSENT);
        assertThat(ObjectFixture.version(again, "d")).isEqualTo(CrashOracle.ABSENT);
        again.put("b", ObjectFixture.value("b", 2, 100), SYNCED);
        assertThat(ObjectFixture.version(again, "b")).isEqualTo(2);
      }
    }
  }

  private static void assertPoisoned(Throwable thrown) {
    assertThat(thrown)
        .isInstanceOfSatisfying(
            KvbmException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.POISONED))
        .hasMessageContaining("reopen")
        .hasMessageContaining(ObjectFixture.DIRECTORY.toString());
  }

  @Test
  void aFullDiskRefusesReadsOnAndHasRoomAfterDeletesAndCompaction() {
    for (int valueByteSize : new int[] {3000, 9000}) {
      SimDisk disk = SimDisk.builder(1).capacity(20 * TestSettings.SEGMENT).build();
      LogObjectStore store = ObjectFixture.open(disk, SETTINGS);
      int count = fill(store, valueByteSize);
      assertThat(count).isGreaterThan(20);
      assertHolds(store, 0, count);
      for (int i = 0; i < count / 2; i++) {
        assertThat(store.delete("key-" + i, Durability.SYNCED)).as("delete %d", i).isTrue();
      }
      store.compact(Progress.NONE);
      assertHolds(store, count / 2, count);
      int more = count / 4;
      for (int i = 0; i < more; i++) {
        store.put("new-" + i, ObjectFixture.value("new-" + i, 7, valueByteSize), SYNCED);
      }
      store.abandon();
      disk.powerCut();
      try (LogObjectStore again = ObjectFixture.open(disk.reboot(), SETTINGS)) {
        assertHolds(again, count / 2, count);
        for (int i = 0; i < more; i++) {
          assertThat(ObjectFixture.version(again, "new-" + i)).isEqualTo(7);
        }
        assertThat(again.statistics().keys()).isEqualTo(count - count / 2 + more);
      }
    }
  }

  /** {@return how many objects fit, each durable} */
  private static int fill(LogObjectStore store, int valueByteSize) {
    for (int i = 0; ; i++) {
      String key = "key-" + i;
      Throwable thrown =
          catchThrowable(() -> store.put(key, ObjectFixture.value(key, 3, valueByteSize), SYNCED));
      if (thrown != null) {
        assertThat(thrown).isInstanceOf(CapacityException.class);
        assertThat(ObjectFixture.version(store, key)).isEqualTo(CrashOracle.ABSENT);
        return i;
      }
    }
  }

  private static void assertHolds(LogObjectStore store, int from, int to) {
    for (int i = 0; i < to; i++) {
      assertThat(ObjectFixture.version(store, "key-" + i))
          .as("key-%d", i)
          .isEqualTo(i < from ? CrashOracle.ABSENT : 3);
    }
  }

  /** What the log names must stay, whatever fails behind the put that named it. */
  @Test
  void aValueInAFileSurvivesACompactionThatFailsBehindItsPut() {
    long runs = 0;
    for (long behind = 1; behind < 60; behind++) {
      for (SimFault fault : List.of(SimFault.ENOSPC, SimFault.EIO)) {
        SimDisk disk = SimDisk.of(behind);
        LogObjectStore store = ObjectFixture.open(disk, SETTINGS);
        for (int i = 0; i < 60; i++) { // until the next put starts to compact
          store.put("small", ObjectFixture.value("small", i + 1, 3000), PutOptions.DEFAULT);
        }
        disk.failFrom(disk.calls() + behind, fault);
        for (int i = 0; i < 10; i++) {
          String key = "large-" + i;
          long version = i + 1;
          Throwable thrown =
              catchThrowable(
                  () ->
                      store.put(key, ObjectFixture.value(key, version, 9000), PutOptions.DEFAULT));
          if (thrown != null) {
            assertThat(thrown).isInstanceOf(KvbmException.class);
          }
        }
        disk.repair();
        for (int i = 0; i < 10; i++) {
          try {
            assertThat(ObjectFixture.version(store, "large-" + i)).isIn(0L, i + 1L);
          } catch (CorruptionException e) {
            throw new AssertionError("behind " + behind + " " + fault, e);
          }
        }
        store.abandon();
        try (LogObjectStore again = ObjectFixture.open(disk.reboot(), SETTINGS)) {
          for (int i = 0; i < 10; i++) {
            assertThat(ObjectFixture.version(again, "large-" + i)).isIn(0L, i + 1L);
          }
        }
        runs++;
      }
    }
    assertThat(runs).isPositive();
  }

  @Test
  void theWorkloadReachesEveryKindOfCall() {
    SimDisk disk = SimDisk.of(1);
    new ObjectWorkload(SETTINGS).run(disk);
    for (SimOperation operation : SimOperation.values()) {
      if (operation != SimOperation.PUNCH
          && operation != SimOperation.TRUNCATE
          && operation != SimOperation.RENAME) {
        assertThat(disk.calls(operation)).as("calls of %s", operation).isPositive();
      }
    }
  }
}
