package io.kvbm.backend.disk.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.BackendException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.TransientException;
import io.kvbm.api.disk.Disk.OpenOption;
import io.kvbm.api.disk.DiskFile;
import io.kvbm.backend.disk.FileDisk;
import io.kvbm.backend.disk.file.Errno;
import io.kvbm.backend.disk.file.Posix;
import io.kvbm.backend.disk.io.IoEngineContract.Told;
import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UringEngineTest {

  private static final Set<OpenOption> READ_WRITE =
      Set.of(OpenOption.CREATE, OpenOption.READ, OpenOption.WRITE);

  @TempDir Path directory;

  private final FileDisk disk = new FileDisk();

  private static UringEngine open(UringCalls calls) {
    return UringEngine.open(
        UringSettings.ofDepth(8), new IoCounters(), Posix.find().orElseThrow(), () -> calls);
  }

  private DiskFile fifo() throws IOException, InterruptedException {
    Path path = directory.resolve("fifo");
    assertThat(new ProcessBuilder("mkfifo", path.toString()).start().waitFor()).isZero();
    return disk.open(path, Set.of(OpenOption.READ, OpenOption.WRITE));
  }

  @Test
  void aStalledRequestIsAnsweredAtItsDeadlineAndThenReleased() throws Exception {
    try (Arena arena = Arena.ofShared();
        UringEngine engine = UringEngine.open(UringSettings.ofDepth(1));
        DiskFile stalled = fifo();
        DiskFile file = disk.open(directory.resolve("f"), READ_WRITE)) {
      file.writeFully(0, arena.allocate(4096));
      Told stuck = new Told();
      Told waiting = new Told();
      Told later = new Told();
      MemorySegment memory = arena.allocate(4096);
      long soon = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(50);
      engine.submit(
          List.of(
              IoRequest.read(stalled, 0, memory, stuck)
                  .withDeadline(soon + TimeUnit.MILLISECONDS.toNanos(100)),
              IoRequest.read(file, 0, memory, waiting).withDeadline(soon),
              IoRequest.read(file, 0, memory, later)));
      waiting.awaitRelease();
      assertThat(stuck.completed).hasValue(0);
      stuck.awaitRelease();
      later.awaitRelease();
      for (Told told : List.of(stuck, waiting)) {
        assertThat(told.failure).isInstanceOf(TransientException.class);
        assertThat(told.failure.code()).isEqualTo(ErrorCode.DEADLINE_EXCEEDED);
        assertThat(told.completed).hasValue(1);
        assertThat(told.releasedFirst).isFalse();
      }
      assertThat(later.failure).isNull();
      assertThat(engine.statistics().timeouts()).isEqualTo(2);
      assertThat(engine.statistics().inFlight()).isZero();
    }
  }

  @Test
  void readsAndWritesPastThePageCacheInRegisteredMemory() {
    DiskFile file;
    try {
      file =
          disk.open(
              directory.resolve("direct"),
              Set.of(OpenOption.CREATE, OpenOption.READ, OpenOption.WRITE, OpenOption.DIRECT));
    } catch (BackendException e) {
      Assumptions.abort("no direct access in " + directory);
      return;
    }
    try (file;
        Arena arena = Arena.ofShared();
        UringEngine engine = UringEngine.open(UringSettings.ofDepth(8))) {
      MemorySegment memory = arena.allocate(8 << 20, 4096);
      for (long at = 0; at < memory.byteSize(); at += 8) {
        memory.set(ValueLayout.JAVA_LONG, at, at * 0x9E3779B97F4A7C15L);
      }
      MemorySegment read = arena.allocate(8 << 20, 4096);
      try (RegisteredBuffers sources = engine.registerBuffers(memory);
          RegisteredBuffers targets = engine.registerBuffers(read)) {
        assertThat(sources.isRegistered()).isEqualTo(targets.isRegistered());
        Waiter.run(engine, List.of(IoRequest.write(file, 0, memory, (_, _) -> {})));
        Waiter.run(engine, List.of(IoRequest.read(file, 0, read, (_, _) -> {})));
        assertThat(read.mismatch(memory)).isEqualTo(-1);
      }
      read.fill((byte) 0);
      Waiter.run(
          engine, List.of(IoRequest.read(file, 4096, read.asSlice(0, 4 << 20), (_, _) -> {})));
      assertThat(MemorySegment.mismatch(read, 0, 4 << 20, memory, 4096, 4096 + (4L << 20)))
          .isEqualTo(-1);
      file.truncate(5000);
      assertThatThrownBy(
              () ->
                  Waiter.run(
                      engine,
                      List.of(IoRequest.read(file, 0, read.asSlice(0, 8192), (_, _) -> {}))))
          .isInstanceOfSatisfying(
              KvbmException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.OUT_OF_BOUNDS));
      assertThatThrownBy(
              () ->
                  Waiter.run(
                      engine,
                      List.of(IoRequest.read(file, 512, read.asSlice(0, 4096), (_, _) -> {}))))
          .isInstanceOfSatisfying(
              KvbmException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_ARGUMENT));
    }
  }

  @Test
  void aFullDeviceIsACapacityError() {
    try (Arena arena = Arena.ofShared();
        UringEngine engine = UringEngine.open(UringSettings.ofDepth(8));
        DiskFile full =
            disk.open(Path.of("/dev/full"), Set.of(OpenOption.READ, OpenOption.WRITE))) {
      assertThatThrownBy(
              () ->
                  Waiter.run(
                      engine,
                      List.of(IoRequest.write(full, 0, arena.allocate(4096), (_, _) -> {}))))
          .isInstanceOfSatisfying(
              KvbmException.class,
              e -> assertThat(e.code()).isEqualTo(ErrorCode.ALLOCATION_FAILED));
    }
  }

  @Test
  void aRingLeavesNoDescriptorAndAClosedFileIsLetGo() throws IOException {
    Path path = directory.resolve("f");
    try (UringEngine warm = UringEngine.open(UringSettings.ofDepth(2))) {
      assertThat(warm.depth()).isEqualTo(2);
    }
    long before = descriptors();
    try (Arena arena = Arena.ofShared();
        UringEngine engine = UringEngine.open(new UringSettings(2, 8, 1, 1, true))) {
      for (int i = 0; i < 50; i++) {
        try (DiskFile file = disk.open(path, READ_WRITE)) {
          MemorySegment memory = arena.allocate(4096).fill((byte) i);
          Waiter.run(engine, List.of(IoRequest.write(file, 0, memory, (_, _) -> {})));
          MemorySegment read = arena.allocate(4096);
          file.readFully(0, read);
          assertThat(read.mismatch(memory)).isEqualTo(-1);
        }
        Files.delete(path); // the next file has the same descriptor
      }
    }
    assertThat(descriptors()).isEqualTo(before);
  }

  private static long descriptors() throws IOException {
    try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
      return open.filter(
              each -> {
                try {
                  String target = Files.readSymbolicLink(each).toString();
                  return target.contains("io_uring") || target.contains("eventfd");
                } catch (IOException e) {
                  return false;
                }
              })
          .count();
    }
  }

  /** Refuses one call. */
  private static final class Refusing extends UringCalls {
    private final boolean setup;
    private final CountDownLatch handedOver = new CountDownLatch(1);
    private volatile int enterErrno;

    /** Whether the next operation handed over is the one the test waits for. */
    private volatile boolean watched;

    Refusing(boolean setup) {
      this.setup = setup;
    }

    @Override
    int setup(int entries, MemorySegment parameters) {
      return setup ? -Errno.EPERM : super.setup(entries, parameters);
    }

    @Override
    int enter(int ring, int submit, int complete, int flags, MemorySegment argument, long size) {
      int errno = enterErrno;
      if (errno != 0) {
        return -errno;
      }
      if (submit > 0 && watched) {
        handedOver.countDown(); // from here on nothing keeps it from the kernel
      }
      return super.enter(ring, submit, complete, flags, argument, size);
    }
  }

  @Test
  void whatCannotBeRegisteredIsUsedAsItIs() {
    UringCalls poor =
        new UringCalls() {
          @Override
          int register(int ring, int operation, MemorySegment argument, int count) {
            return -(operation == Ring.REGISTER_FILES ? Errno.EMFILE : Errno.ENOMEM);
          }
        };
    try (Arena arena = Arena.ofShared();
        DiskFile file = disk.open(directory.resolve("f"), READ_WRITE);
        UringEngine engine = open(poor)) {
      MemorySegment source = arena.allocate(4096).fill((byte) 5);
      MemorySegment target = arena.allocate(4096);
      try (RegisteredBuffers buffers = engine.registerBuffers(source)) {
        assertThat(buffers.isRegistered()).isFalse();
        Waiter.run(engine, List.of(IoRequest.write(file, 0, source, (_, _) -> {})));
        Waiter.run(engine, List.of(IoRequest.read(file, 0, target, (_, _) -> {})));
        assertThat(target.mismatch(source)).isEqualTo(-1);
      }
    }
  }

  @Test
  void noDescriptorForARingIsSaidSo() {
    UringCalls none =
        new UringCalls() {
          @Override
          int eventCounter() {
            return -Errno.EMFILE;
          }
        };
    assertThatThrownBy(() -> open(none))
        .isInstanceOfSatisfying(
            BackendException.class, e -> assertThat(e.nativeCode()).isEqualTo(Errno.EMFILE))
        .hasMessage("eventfd: Too many open files");
  }

  @Test
  void aRefusedRingKeepsItsErrorNumber() {
    assertThatThrownBy(() -> open(new Refusing(true)))
        .isInstanceOfSatisfying(
            BackendException.class, e -> assertThat(e.nativeCode()).isEqualTo(Errno.EPERM))
        .hasMessage("io_uring_setup: Operation not permitted");
  }

  @Test
  void aBrokenRingFailsWhatIsPendingAndThreadsGoOn() throws Exception {
    Refusing calls = new Refusing(false);
    try (Arena arena = Arena.ofShared();
        DiskFile stalled = fifo();
        DiskFile file = disk.open(directory.resolve("f"), READ_WRITE);
        UringEngine engine = open(calls)) {
      MemorySegment memory = arena.allocate(4096);
      Told pending = new Told();
      Told trigger = new Told();
      calls.watched = true;
      engine.submit(List.of(IoRequest.read(stalled, 0, memory, pending)));
      // Before the kernel has the read, its memory would be released at once, and rightly.
      assertThat(calls.handedOver.await(20, TimeUnit.SECONDS)).isTrue();
      calls.enterErrno = Errno.EINVAL;
      engine.submit(List.of(IoRequest.write(file, 0, memory, trigger)));
      pending.awaitAnswer();
      trigger.awaitAnswer();
      assertThat(pending.failure).isInstanceOf(BackendException.class);
      assertThat(pending.failure).hasMessageContaining("io_uring_enter: Invalid argument");
      assertThat(pending.released).as("the kernel still has the memory").hasValue(0);
      assertThat(engine.details()).contains("given up", "on threads");
      Waiter.run(engine, List.of(IoRequest.write(file, 0, memory, (_, _) -> {})));
      Waiter.run(engine, List.of(IoRequest.read(file, 0, memory, (_, _) -> {})));
      calls.enterErrno = 0;
      try (OutputStream filler = Files.newOutputStream(stalled.path())) {
        filler.write(new byte[4096]);
      }
      pending.awaitRelease();
      trigger.awaitRelease();
    }
  }

  @Test
  void aPassingErrorOfTheRingIsWaitedOut() {
    Refusing calls = new Refusing(false);
    try (Arena arena = Arena.ofShared();
        DiskFile file = disk.open(directory.resolve("f"), READ_WRITE);
        UringEngine engine = open(calls)) {
      calls.enterErrno = Errno.EINTR;
      Thread calm =
          Thread.ofPlatform()
              .start(
                  () -> {
                    pause();
                    calls.enterErrno = 0;
                  });
      Waiter.run(engine, List.of(IoRequest.write(file, 0, arena.allocate(4096), (_, _) -> {})));
      assertThat(calm.isAlive()).isFalse();
    }
  }

  private static void pause() {
    try {
      new CountDownLatch(1).await(50, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void thousandsOfRequestsFromManyThreadsEachHitTheirPlace() throws Exception {
    int threads = 8;
    int each = 1000;
    try (Arena arena = Arena.ofShared();
        DiskFile file = disk.open(directory.resolve("f"), READ_WRITE);
        UringEngine engine = UringEngine.open(new UringSettings(2, 32, 2, 1, true))) {
      int byteSize = 1000;
      MemorySegment source = arena.allocate((long) threads * each * byteSize);
      for (long at = 0; at < source.byteSize(); at += 8) {
        source.set(ValueLayout.JAVA_LONG_UNALIGNED, at, at * 0x9E3779B97F4A7C15L);
      }
      List<Thread> running = new ArrayList<>();
      List<Told> all = new ArrayList<>();
      for (int t = 0; t < threads; t++) {
        List<IoRequest> batch = new ArrayList<>();
        for (int i = 0; i < each; i++) {
          long at = (long) (t * each + i) * byteSize;
          Told told = new Told();
          all.add(told);
          batch.add(IoRequest.write(file, at, source.asSlice(at, byteSize), told));
        }
        running.add(Thread.ofPlatform().start(() -> submitInParts(engine, batch)));
      }
      for (Thread thread : running) {
        thread.join();
      }
      for (Told told : all) {
        told.awaitRelease();
        assertThat(told.failure).isNull();
        assertThat(told.completed).hasValue(1);
      }
      MemorySegment read = arena.allocate(source.byteSize());
      Waiter.run(engine, List.of(IoRequest.read(file, 0, read, (_, _) -> {})));
      assertThat(read.mismatch(source)).isEqualTo(-1);
    }
  }

  private static void submitInParts(UringEngine engine, List<IoRequest> batch) {
    for (int from = 0; from < batch.size(); from += 7) {
      engine.submit(batch.subList(from, Math.min(batch.size(), from + 7)));
    }
  }

  @Test
  void aFileWithoutADescriptorIsNeverGivenToTheRing() throws IOException {
    Path other = directory.resolve("other");
    try (RandomAccessFile bystander = new RandomAccessFile(other.toFile(), "rw");
        Arena arena = Arena.ofShared();
        io.kvbm.testkit.disk.SimDisk simulated = io.kvbm.testkit.disk.SimDisk.of(7);
        UringEngine engine = UringEngine.open(UringSettings.ofDepth(4))) {
      simulated.createDirectories(Path.of("/d"));
      try (DiskFile file = simulated.open(Path.of("/d/f"), READ_WRITE)) {
        Waiter.run(
            engine,
            List.of(IoRequest.write(file, 0, arena.allocate(4096).fill((byte) 7), (_, _) -> {})));
        assertThat(file.byteSize()).isEqualTo(4096);
      }
      assertThat(bystander.length()).isZero();
      assertThat(engine.statistics().completed()).isEqualTo(1);
    }
  }
}
