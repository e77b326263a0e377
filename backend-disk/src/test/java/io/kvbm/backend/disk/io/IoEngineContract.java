package io.kvbm.backend.disk.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.CallerException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.disk.Disk;
import io.kvbm.api.disk.Disk.OpenOption;
import io.kvbm.api.disk.DiskFile;
import io.kvbm.backend.disk.FileDisk;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What every engine does, whatever it runs on. */
public abstract class IoEngineContract {

  protected static final Set<OpenOption> READ_WRITE =
      Set.of(OpenOption.CREATE, OpenOption.READ, OpenOption.WRITE);

  @TempDir protected Path directory;

  protected Disk disk;
  protected IoEngine engine;
  protected Arena arena;

  /** {@return a new engine; the test closes it} */
  protected abstract IoEngine engine();

  /** {@return the disk whose files the engine is tried on} */
  protected Disk disk() {
    return new FileDisk();
  }

  @BeforeEach
  void open() {
    disk = disk();
    engine = engine();
    arena = Arena.ofShared();
  }

  @AfterEach
  void close() {
    engine.close();
    arena.close();
    disk.close();
  }

  /** A callback that counts. */
  public static final class Told implements IoCallback {
    public final AtomicInteger completed = new AtomicInteger();
    public final AtomicInteger released = new AtomicInteger();
    public volatile @Nullable KvbmException failure;
    public volatile boolean releasedFirst;
    public final CountDownLatch answer = new CountDownLatch(1);
    public final CountDownLatch release = new CountDownLatch(1);

    @Override
    public void completed(IoRequest request, @Nullable KvbmException cause) {
      failure = cause;
      completed.incrementAndGet();
      answer.countDown();
    }

    @Override
    public void released(IoRequest request) {
      releasedFirst |= completed.get() == 0;
      released.incrementAndGet();
      release.countDown();
    }

    public void awaitAnswer() throws InterruptedException {
      assertThat(answer.await(20, TimeUnit.SECONDS)).as("answered").isTrue();
    }

    public void awaitRelease() throws InterruptedException {
      assertThat(release.await(20, TimeUnit.SECONDS)).as("released").isTrue();
    }
  }

  protected MemorySegment memory(long byteSize) {
    return arena.allocate(Math.max(1, byteSize), 65536).asSlice(0, byteSize);
  }

  protected MemorySegment pattern(long byteSize, long seed) {
    MemorySegment made = memory(byteSize);
    fill(made, seed);
    return made;
  }

  protected static void fill(MemorySegment memory, long seed) {
    Random random = new Random(seed);
    long at = 0;
    for (; at + 8 <= memory.byteSize(); at += 8) {
      memory.set(ValueLayout.JAVA_LONG_UNALIGNED, at, random.nextLong());
    }
    for (; at < memory.byteSize(); at++) {
      memory.set(ValueLayout.JAVA_BYTE, at, (byte) random.nextInt());
    }
  }

  @Test
  void readsWhatWasWritten() {
    try (DiskFile file = disk.open(directory.resolve("file"), READ_WRITE)) {
      for (int byteSize : new int[] {1, 511, 4096, 4097, 65536, 3_000_001}) {
        MemorySegment source = pattern(byteSize, byteSize);
        MemorySegment target = memory(byteSize);
        engine.run(List.of(IoRequest.write(file, 77, source, (_, _) -> {})));
        engine.run(List.of(IoRequest.sync(file, (_, _) -> {})));
        engine.run(List.of(IoRequest.read(file, 77, target, (_, _) -> {})));
        assertThat(target.mismatch(source)).as("bytes of %d", byteSize).isEqualTo(-1);
      }
    }
  }

  @Test
  void tellsEachCallbackOnceAndReleasesAfterTheAnswer() throws InterruptedException {
    try (DiskFile file = disk.open(directory.resolve("file"), READ_WRITE)) {
      List<Told> all = new ArrayList<>();
      List<IoRequest> batch = new ArrayList<>();
      MemorySegment source = pattern(256 * 4096, 1);
      for (int i = 0; i < 256; i++) {
        Told told = new Told();
        all.add(told);
        batch.add(IoRequest.write(file, i * 4096L, source.asSlice(i * 4096L, 4096), told));
      }
      engine.submit(batch);
      for (Told told : all) {
        told.awaitRelease();
        assertThat(told.failure).isNull();
        assertThat(told.completed).hasValue(1);
        assertThat(told.released).hasValue(1);
        assertThat(told.releasedFirst).isFalse();
      }
      MemorySegment target = memory(256 * 4096);
      engine.run(List.of(IoRequest.read(file, 0, target, (_, _) -> {})));
      assertThat(target.mismatch(source)).isEqualTo(-1);
      IoStatistics statistics = engine.statistics();
      assertThat(statistics.completed()).isEqualTo(257);
      assertThat(statistics.bytes()).isEqualTo(2 * 256 * 4096);
      assertThat(statistics.errors()).isZero();
      assertThat(statistics.inFlight()).isZero();
    }
  }

  @Test
  void theEndOfAFileIsNoSuccess() {
    try (DiskFile file = disk.open(directory.resolve("file"), READ_WRITE)) {
      file.writeFully(0, pattern(5000, 3));
      for (long position : new long[] {0, 4999, 5000, 1 << 20}) {
        MemorySegment target = memory(8192);
        assertThatThrownBy(
                () -> engine.run(List.of(IoRequest.read(file, position, target, (_, _) -> {}))))
            .isInstanceOfSatisfying(
                CallerException.class,
                e -> assertThat(e.code()).isEqualTo(ErrorCode.OUT_OF_BOUNDS));
      }
      assertThat(engine.statistics().errors()).isEqualTo(4);
    }
  }

  @Test
  void refusesWhatTheFileIsNotOpenFor() {
    Path path = directory.resolve("file");
    try (DiskFile writable = disk.open(path, READ_WRITE);
        DiskFile readable = disk.open(path, Set.of(OpenOption.READ))) {
      writable.writeFully(0, pattern(4096, 1));
      assertThatThrownBy(
              () ->
                  engine.run(List.of(IoRequest.write(readable, 0, pattern(4096, 2), (_, _) -> {}))))
          .isInstanceOf(CallerException.class);
      assertThatThrownBy(
              () -> engine.run(List.of(IoRequest.read(writable, -1, memory(10), (_, _) -> {}))))
          .isInstanceOf(CallerException.class);
      assertThatThrownBy(
              () ->
                  engine.run(
                      List.of(
                          IoRequest.read(
                              writable, 0, MemorySegment.ofArray(new byte[16]), (_, _) -> {}))))
          .isInstanceOf(CallerException.class);
    }
  }

  @Test
  void aClosedFileIsClosed() {
    DiskFile file = disk.open(directory.resolve("file"), READ_WRITE);
    file.writeFully(0, pattern(4096, 1));
    engine.run(List.of(IoRequest.read(file, 0, memory(4096), (_, _) -> {})));
    file.close();
    assertThatThrownBy(
            () -> engine.run(List.of(IoRequest.read(file, 0, memory(4096), (_, _) -> {}))))
        .isInstanceOf(ClosedException.class);
  }

  @Test
  void aClosedEngineTakesNothing() {
    try (DiskFile file = disk.open(directory.resolve("file"), READ_WRITE)) {
      engine.close();
      engine.close();
      Told told = new Told();
      assertThatThrownBy(() -> engine.submit(List.of(IoRequest.sync(file, told))))
          .isInstanceOf(ClosedException.class);
      assertThat(told.completed).hasValue(0);
    }
  }

  @Test
  void closeWaitsForWhatIsInFlight() {
    try (DiskFile file = disk.open(directory.resolve("file"), READ_WRITE)) {
      Told[] all = new Told[200];
      MemorySegment source = pattern(65536, 1);
      List<IoRequest> batch = new ArrayList<>();
      for (int i = 0; i < all.length; i++) {
        all[i] = new Told();
        batch.add(IoRequest.write(file, i * 65536L, source, all[i]));
      }
      engine.submit(batch);
      engine.close();
      for (Told told : all) {
        assertThat(told.released).hasValue(1);
        assertThat(told.failure).isNull();
      }
      assertThat(file.byteSize()).isEqualTo(200 * 65536L);
    }
  }

  @Test
  void anInterruptOfACallerReachesNoFile() {
    try (DiskFile file = disk.open(directory.resolve("file"), READ_WRITE)) {
      MemorySegment source = pattern(1 << 20, 9);
      MemorySegment target = memory(1 << 20);
      Thread.currentThread().interrupt();
      engine.run(List.of(IoRequest.write(file, 0, source, (_, _) -> {})));
      assertThat(Thread.currentThread().isInterrupted()).isTrue();
      engine.run(List.of(IoRequest.read(file, 0, target, (_, _) -> {})));
      assertThat(Thread.interrupted()).isTrue();
      assertThat(target.mismatch(source)).isEqualTo(-1);
    }
  }

  @Test
  void aCallbackMaySubmitMoreAndMayThrow() throws InterruptedException {
    try (DiskFile file = disk.open(directory.resolve("file"), READ_WRITE)) {
      file.writeFully(0, pattern(4096, 1));
      MemorySegment target = memory(4096);
      Told last = new Told();
      AtomicInteger left = new AtomicInteger(100);
      IoCallback chained =
          new IoCallback() {
            @Override
            public void completed(IoRequest request, @Nullable KvbmException failure) {
              boolean more = left.decrementAndGet() > 0;
              engine.submit(List.of(IoRequest.read(file, 0, target, more ? this : last)));
              throw new IllegalStateException("thrown by a test's callback");
            }
          };
      engine.submit(List.of(IoRequest.read(file, 0, target, chained)));
      last.awaitRelease();
      assertThat(last.failure).isNull();
      assertThat(left).hasValue(0);
    }
  }

  @Test
  void manyThreadsReadBackWhatTheyWrote() throws InterruptedException {
    long seed = System.nanoTime();
    int threads = 8;
    int rounds = 25;
    ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();
    try (DiskFile file = disk.open(directory.resolve("file"), READ_WRITE)) {
      List<Thread> running = new ArrayList<>();
      for (int t = 0; t < threads; t++) {
        int thread = t;
        running.add(
            Thread.ofPlatform()
                .start(
                    () -> {
                      try {
                        writeAndRead(file, thread, rounds, new Random(seed + thread));
                      } catch (RuntimeException | AssertionError e) {
                        failures.add(e);
                      }
                    }));
      }
      for (Thread thread : running) {
        thread.join();
      }
      assertThat(failures).as("seed %d", seed).isEmpty();
    }
  }

  /** Each thread has a part of the file of its own, in 16 pieces of odd sizes. */
  private void writeAndRead(DiskFile file, int thread, int rounds, Random random) {
    int pieces = 16;
    long space = 8192;
    for (int round = 0; round < rounds; round++) {
      List<IoRequest> writes = new ArrayList<>();
      List<IoRequest> reads = new ArrayList<>();
      List<MemorySegment> sources = new ArrayList<>();
      List<MemorySegment> targets = new ArrayList<>();
      try (Arena local = Arena.ofShared()) {
        for (int i = 0; i < pieces; i++) {
          MemorySegment source = local.allocate(1 + random.nextInt((int) space));
          fill(source, random.nextLong());
          MemorySegment target = local.allocate(source.byteSize());
          long position = (thread * pieces + i) * space;
          sources.add(source);
          targets.add(target);
          writes.add(IoRequest.write(file, position, source, (_, _) -> {}));
          reads.add(IoRequest.read(file, position, target, (_, _) -> {}));
        }
        engine.run(writes);
        engine.run(reads);
        for (int i = 0; i < pieces; i++) {
          assertThat(targets.get(i).mismatch(sources.get(i)))
              .as("thread %d round %d piece %d", thread, round, i)
              .isEqualTo(-1);
        }
      }
    }
  }
}
