package io.kvbm.backend.disk.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.kvbm.api.BackendException;
import io.kvbm.api.CapacityException;
import io.kvbm.api.CorruptionException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.TransientException;
import io.kvbm.api.disk.Disk.OpenOption;
import io.kvbm.api.disk.DiskFile;
import io.kvbm.api.store.Durability;
import io.kvbm.backend.disk.io.EngineType;
import io.kvbm.backend.disk.io.Engines;
import io.kvbm.backend.disk.io.InlineEngine;
import io.kvbm.backend.disk.io.IoEngine;
import io.kvbm.testkit.disk.SimDisk;
import io.kvbm.testkit.disk.SimFault;
import io.kvbm.testkit.disk.SimOperation;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Logs on a disk that fails, fills up, stalls or decays. */
class LogFaultTest {

  private static final Path DIRECTORY = LogStory.DIRECTORY;
  private static final LogSettings SETTINGS = new LogSettings(16 << 10, true, false);

  @Test
  void whicheverCallFailsOnceOrForGoodNothingSyncedIsLost() {
    List<BiConsumer<SimDisk, Long>> faults = new ArrayList<>();
    for (SimFault fault : SimFault.values()) {
      faults.add((disk, call) -> disk.failAt(call, fault));
      faults.add((disk, call) -> disk.failFrom(call, fault));
    }
    faults.add(SimDisk::shortenAt);
    faults.add(SimDisk::shortenFrom);
    for (int kind = 0; kind < faults.size(); kind++) {
      for (long call = 1; ; call++) {
        SimDisk disk = SimDisk.builder(call).tornSectors().build();
        faults.get(kind).accept(disk, call);
        if (!survives(disk, call, "fault %d at call %d".formatted(kind, call))) {
          break;
        }
      }
    }
  }

  /** {@return whether the fault came at all} */
  private static boolean survives(SimDisk disk, long call, String what) {
    LogStory story = LogStory.sound();
    try {
      story.open(disk);
      story.work(new SplittableRandom(7), 14);
      story.close();
    } catch (KvbmException e) {
      assertThat(e.getMessage()).as(what).doesNotContain("\n").isNotBlank();
    } catch (AssertionError e) {
      throw new AssertionError(what, e);
    }
    long calls = disk.calls();
    story.abandon();
    disk.repair();
    disk.powerCut();
    try {
      SimDisk after = disk.reboot();
      story.open(after);
      story.work(new SplittableRandom(8), 5);
      story.close();
    } catch (KvbmException | AssertionError e) {
      throw new AssertionError(what, e);
    }
    return calls >= call;
  }

  @Test
  void aFailedSyncFailsEveryoneWhoWaitsAndWhatComesLaterUntilReopened() {
    for (long seed = 0; seed < 50; seed++) {
      SimDisk disk = SimDisk.of(seed);
      DiskLog log = open(disk);
      append(log, 'a', Durability.SYNCED);
      disk.failAt(disk.calls() + 2, SimFault.EIO);
      assertPoisoned(() -> append(log, 'b', Durability.SYNCED));
      assertPoisoned(() -> append(log, 'c', Durability.NONE));
      assertPoisoned(() -> append(log, 'd', Durability.SYNCED));
      assertPoisoned(log::sync);
      assertThat(replay(log)).isEqualTo("a");
      log.close();
      disk.powerCut();
      DiskLog after = open(disk.reboot());
      assertThat(replay(after)).isIn("a", "ab");
      assertThat(append(after, 'e', Durability.SYNCED)).isGreaterThan(4);
      assertThat(replay(after)).endsWith("e");
      after.close();
    }
  }

  private static void assertPoisoned(ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            BackendException.class,
            e -> {
              assertThat(e.code()).isEqualTo(ErrorCode.POISONED);
              assertThat(e.nativeCode()).isEqualTo(SimFault.EIO.errno());
              assertThat(e.getMessage()).contains("open it again", DIRECTORY.toString());
            });
  }

  @Test
  void aFullDiskRefusesWithNothingLostAndGoesOnAfterTruncation() {
    SimDisk disk = SimDisk.builder(1).capacity(5 * (16 << 10)).build();
    DiskLog log = open(disk);
    long last = 0;
    CapacityException refusal = null;
    for (int i = 0; i < 1000 && refusal == null; i++) {
      long before = log.nextSequence();
      Throwable thrown = catchThrowable(() -> append(log, 'a', Durability.SYNCED));
      if (thrown == null) {
        last = before;
      } else {
        refusal = (CapacityException) thrown;
        assertThat(log.nextSequence()).as("no number is spent").isEqualTo(before);
      }
    }
    assertThat(refusal).isNotNull();
    assertThat(refusal.code()).isEqualTo(ErrorCode.ALLOCATION_FAILED);
    assertThat(replay(log)).hasSize((int) last);
    assertThat(catchThrowable(() -> append(log, 'b', Durability.NONE)))
        .isInstanceOf(CapacityException.class);
    log.sync();
    long next = log.nextSequence();
    log.truncateBefore(next);
    assertThat(append(log, 'c', Durability.SYNCED)).isEqualTo(next);
    log.close();
    DiskLog after = open(disk.reboot());
    assertThat(replay(after)).endsWith("c");
    assertThat(append(after, 'd', Durability.SYNCED)).isEqualTo(next + 1);
    after.close();
  }

  @Test
  void eachBitOfALogIsFoundWrongOrDoesNotMatter() {
    SimDisk disk = SimDisk.of(1);
    String expected = fill(disk, 'd');
    List<Path> segments = segments(disk);
    int corrupt = 0;
    int harmless = 0;
    for (Path path : segments) {
      byte[] bytes = bytes(disk, path);
      boolean isLast = path.equals(segments.getLast());
      for (int bit = 0; bit < bytes.length * 8; bit++) {
        if (bit / 8 % 4096 >= 168 && bit % 512 != 0) {
          continue; // all of headers and a record, of the padding one bit in 64 bytes
        }
        byte[] flipped = bytes.clone();
        flipped[bit / 8] ^= (byte) (1 << bit % 8);
        SimDisk copy = copyWith(disk, path, flipped);
        try (DiskLog log = open(copy)) {
          String found = replay(log);
          boolean lostOnlyTheMark = found.equals(expected);
          assertThat(lostOnlyTheMark).as("bit %d of %s: %s", bit, path, found).isTrue();
          harmless++;
        } catch (CorruptionException e) {
          corrupt++;
          assertThat(e.getMessage()).contains(path.toString()).contains("damaged at byte ");
          assertThat(bytes(copy, path)).as("nothing is changed").isEqualTo(flipped);
        }
      }
      assertThat(isLast || corrupt > 0).isTrue();
    }
    assertThat(corrupt).isGreaterThan(1000);
    assertThat(harmless).isPositive();
  }

  @Test
  void ofALogCutAnywhereAPrefixIsReadOrItIsRefused() {
    SimDisk disk = SimDisk.of(1);
    String expected = fill(disk);
    List<Path> segments = segments(disk);
    for (Path path : segments) {
      byte[] bytes = bytes(disk, path);
      for (int length = 0;
          length < bytes.length;
          length += length < 100 || (length > 4096 && length < 4300) ? 1 : 61) {
        SimDisk copy = copyWith(disk, path, Arrays.copyOf(bytes, length));
        try (DiskLog log = open(copy)) {
          String found = replay(log);
          assertThat(expected).startsWith(found);
          if (!path.equals(segments.getLast())) {
            assertThat(found).as("%s cut to %d", path, length).isEqualTo(expected);
          }
          append(log, 'z', Durability.SYNCED);
        } catch (CorruptionException e) {
          assertThat(e.getMessage()).contains(".log is damaged at byte ");
        }
      }
    }
  }

  @Test
  void withoutTheTailRuleASyncedRecordWouldBeLost() {
    SimDisk disk = SimDisk.of(1);
    String expected = fill(disk);
    Path last = segments(disk).getLast();
    byte[] damaged = bytes(disk, last);
    damaged[4096 + 48 + 33] ^= 1;
    assertThatThrownBy(() -> open(copyWith(disk, last, damaged.clone())))
        .isInstanceOf(CorruptionException.class);
    LogChecks without = new LogChecks(true, true, true, true, false);
    try (DiskLog log = open(copyWith(disk, last, damaged.clone()), without)) {
      assertThat(replay(log)).isNotEqualTo(expected);
    }
  }

  @Test
  void aTornTailIsPutAsideAndWhatIsBeforeItStays() {
    int aside = 0;
    for (long seed = 0; seed < 200; seed++) {
      SimDisk disk = SimDisk.builder(seed).tornSectors().build();
      DiskLog log = open(disk);
      append(log, 'a', Durability.SYNCED);
      append(log, 'b', Durability.WRITTEN);
      disk.powerCut();
      assertThat(catchThrowable(log::close)).isInstanceOf(KvbmException.class);
      SimDisk after = disk.reboot();
      DiskLog again = open(after);
      assertThat(replay(again)).as("seed %d", seed).isIn("a", "ab");
      assertThat(again.nextSequence()).isGreaterThan(3);
      again.close();
      aside +=
          after.list(DIRECTORY).stream().anyMatch(p -> p.toString().endsWith(".broken")) ? 1 : 0;
    }
    assertThat(aside).isGreaterThan(20);
  }

  @Test
  void aTornTailThatCannotBePutAsideStaysAndDoesNotCount() {
    for (long seed = 0; seed < 50; seed++) {
      SimDisk disk = SimDisk.builder(seed).tornSectors().capacity(3 * (16 << 10)).build();
      DiskLog log = open(disk);
      append(log, 'a', Durability.SYNCED);
      append(log, 'b', Durability.WRITTEN);
      disk.powerCut();
      assertThat(catchThrowable(log::close)).isInstanceOf(KvbmException.class);
      SimDisk after = disk.reboot();
      after.failFrom(after.calls() + 1, SimFault.ENOSPC);
      Throwable full = catchThrowable(() -> open(after).close());
      if (full != null) {
        assertThat(full).as("seed %d", seed).isInstanceOf(CapacityException.class);
      }
      after.repair();
      DiskLog again = open(after.reboot());
      assertThat(replay(again)).as("seed %d", seed).isIn("a", "ab");
      append(again, 'c', Durability.SYNCED);
      again.close();
      assertThat(replay(open(after.reboot()))).as("seed %d", seed).isIn("a", "ac", "abc");
    }
  }

  @Test
  void aFailedRemovalPoisonsAndTellsThoseWhoWait() {
    SimDisk disk = SimDisk.of(1);
    DiskLog log = open(disk);
    for (int i = 0; i < 10; i++) {
      append(log, 'a', Durability.SYNCED);
    }
    disk.failNext(SimFault.EIO);
    assertThatThrownBy(() -> log.truncateBefore(log.nextSequence()))
        .isInstanceOf(BackendException.class);
    assertPoisoned(() -> append(log, 'b', Durability.SYNCED));
    log.close();
    DiskLog after = open(disk.reboot());
    assertThat(replay(after)).matches("a+");
    after.close();
  }

  @Test
  void aMissingSegmentIsNoticed() {
    SimDisk disk = SimDisk.of(1);
    fill(disk);
    List<Path> segments = segments(disk);
    assertThat(segments).hasSizeGreaterThan(2);
    disk.unlink(segments.get(1));
    assertThatThrownBy(() -> open(disk.reboot()))
        .isInstanceOf(CorruptionException.class)
        .hasMessageContaining("comes behind segment 2, found is 1");
  }

  @Test
  void aSecondOpenIsRefusedNamingTheHolder() {
    SimDisk disk = SimDisk.of(1);
    DiskLog log = open(disk);
    assertThatThrownBy(() -> open(disk))
        .isInstanceOfSatisfying(
            TransientException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.LOCKED))
        .hasMessageContaining("this process");
    append(log, 'a', Durability.SYNCED);
    log.close();
    open(disk).close();
  }

  @Test
  void startsWithoutRecordsLeaveNoFilesBehind() {
    SimDisk disk = SimDisk.of(1);
    for (int i = 0; i < 5; i++) {
      open(disk).close();
    }
    assertThat(disk.list(DIRECTORY)).hasSize(2);
  }

  @Test
  @Timeout(30)
  void aStalledDiskHoldsUpOnlyThoseWhoWaitForIt() throws Exception {
    SimDisk disk = SimDisk.of(1);
    try (ExecutorService threads = Executors.newCachedThreadPool();
        IoEngine engine = Engines.threads(EngineType.BUFFERED, 1)) {
      SegmentFiles files =
          new SegmentFiles(
              disk, engine, DIRECTORY, new LogSettings(1 << 20, true, false), LogChecks.ALL);
      DiskLog log = DiskLog.open(files, threads, () -> {});
      append(log, 'a', Durability.SYNCED);
      disk.stallAt(disk.calls() + 1);
      CompletableFuture<Long> stalled =
          log.append(record('b'), Durability.SYNCED).toCompletableFuture();
      assertThat(log.append(record('c'), Durability.NONE).toCompletableFuture()).isDone();
      CompletableFuture<Long> behind =
          log.append(record('d'), Durability.SYNCED).toCompletableFuture();
      while (disk.stalled() == 0) {
        Thread.sleep(1);
      }
      assertThat(stalled).isNotDone();
      assertThat(behind).isNotDone();
      long syncs = disk.calls(SimOperation.SYNC);
      disk.release();
      assertThat(stalled.get(10, TimeUnit.SECONDS)).isEqualTo(2);
      assertThat(behind.get(10, TimeUnit.SECONDS)).isEqualTo(4);
      assertThat(disk.calls(SimOperation.SYNC)).as("one each group").isEqualTo(syncs + 2);
      assertThat(replay(log)).isEqualTo("abcd");
      log.close();
    }
  }

  @Test
  @Timeout(30)
  void anInterruptOfACallerHarmsNothing() {
    SimDisk disk = SimDisk.of(1);
    DiskLog log = open(disk);
    Thread.currentThread().interrupt();
    append(log, 'a', Durability.SYNCED);
    log.sync();
    assertThat(replay(log)).isEqualTo("a");
    log.truncateBefore(1);
    log.close();
    assertThat(Thread.interrupted()).isTrue();
  }

  private static String fill(SimDisk disk) {
    return fill(disk, 'f');
  }

  private static String fill(SimDisk disk, char behind) {
    try (DiskLog log = open(disk)) {
      for (char c = 'a'; c < behind; c++) {
        append(log, c, Durability.SYNCED);
      }
      return replay(log);
    }
  }

  static DiskLog open(SimDisk disk) {
    return open(disk, LogChecks.ALL);
  }

  private static DiskLog open(SimDisk disk, LogChecks checks) {
    return DiskLog.open(
        new SegmentFiles(disk, new InlineEngine(), DIRECTORY, SETTINGS, checks),
        Runnable::run,
        () -> {});
  }

  private static MemorySegment record(char c) {
    byte[] bytes = new byte[50];
    Arrays.fill(bytes, (byte) c);
    return MemorySegment.ofArray(bytes);
  }

  static long append(DiskLog log, char c, Durability durability) {
    try {
      return log.append(record(c), durability).toCompletableFuture().join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof KvbmException cause ? cause : e;
    }
  }

  static String replay(DiskLog log) {
    StringBuilder found = new StringBuilder();
    log.replay(
        1,
        (sequence, bytes) -> {
          char c = (char) bytes.get(ValueLayout.JAVA_BYTE, 0);
          assertThat(bytes.mismatch(record(c))).as("record %d", sequence).isEqualTo(-1);
          found.append(c);
          return true;
        });
    return found.toString();
  }

  private static List<Path> segments(SimDisk disk) {
    return disk.list(DIRECTORY).stream().filter(path -> path.toString().endsWith(".log")).toList();
  }

  private static byte[] bytes(SimDisk disk, Path path) {
    try (DiskFile file = disk.open(path, EnumSet.of(OpenOption.READ));
        Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(Math.max(1, file.byteSize()));
      file.readFully(0, bytes.asSlice(0, file.byteSize()));
      return bytes.asSlice(0, file.byteSize()).toArray(ValueLayout.JAVA_BYTE);
    }
  }

  private static SimDisk copyWith(SimDisk disk, Path replaced, byte[] content) {
    SimDisk copy = SimDisk.of(2);
    copy.createDirectories(DIRECTORY);
    for (Path path : segments(disk)) {
      write(copy, path, path.equals(replaced) ? content : bytes(disk, path));
    }
    return copy;
  }

  private static void write(SimDisk disk, Path path, byte[] content) {
    EnumSet<OpenOption> make = EnumSet.of(OpenOption.WRITE, OpenOption.CREATE);
    try (DiskFile file = disk.open(path, make);
        Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(Math.max(1, content.length));
      MemorySegment.copy(content, 0, bytes, ValueLayout.JAVA_BYTE, 0, content.length);
      file.writeFully(0, bytes.asSlice(0, content.length));
    }
  }
}
