package io.kvbm.backend.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.BackendException;
import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.TransientException;
import io.kvbm.api.disk.Disk;
import io.kvbm.api.disk.Disk.OpenOption;
import io.kvbm.api.disk.DiskFile;
import io.kvbm.backend.disk.file.Errno;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class FileDiskTest {

  static final Set<OpenOption> MAKE =
      EnumSet.of(OpenOption.READ, OpenOption.WRITE, OpenOption.CREATE);

  @TempDir Path directory;

  /** The ways a file of this machine is reached. */
  enum Engine {
    NATIVE,
    NATIVE_DIRECT_AT_OPEN,
    PORTABLE;

    Disk disk() {
      return switch (this) {
        case NATIVE -> new FileDisk(true, false);
        case NATIVE_DIRECT_AT_OPEN -> new FileDisk(true, true);
        case PORTABLE -> new FileDisk(null, true, false);
      };
    }
  }

  @ParameterizedTest
  @EnumSource
  void allocateMakesTheFileLongerAndKeepsItsBytes(Engine engine) throws IOException {
    Path path = directory.resolve("f");
    try (DiskFile file = engine.disk().open(path, MAKE)) {
      write(file, 0, 'a', 100);
      file.allocate(0, 1 << 20);
      assertThat(file.byteSize()).isEqualTo(1 << 20);
      assertThat(content(file, 0, 100)).containsOnly('a');
      assertThat(content(file, 100, (1 << 20) - 100)).containsOnly(0);
      file.allocate(0, 10);
      assertThat(file.byteSize()).isEqualTo(1 << 20);
      assertThat(allocatedByteSize(path)).isGreaterThanOrEqualTo(1 << 20);
      assertThatThrownBy(() -> file.allocate(-1, 10)).isInstanceOf(CallerException.class);
      assertThatThrownBy(() -> file.allocate(0, 0)).isInstanceOf(CallerException.class);
    }
  }

  @ParameterizedTest
  @EnumSource
  void punchedBytesAreZeroAndTheLengthStays(Engine engine) throws IOException {
    Path path = directory.resolve("f");
    try (DiskFile file = engine.disk().open(path, MAKE)) {
      write(file, 0, 'a', 1 << 20);
      file.sync(true);
      boolean given = file.punch(4096 + 10, 1 << 19);
      assertThat(given).isEqualTo(engine != Engine.PORTABLE);
      assertThat(content(file, 0, 4096 + 10)).containsOnly('a');
      assertThat(content(file, 4096 + 10, 1 << 19)).containsOnly(0);
      assertThat(content(file, 4096 + 10 + (1 << 19), 100)).containsOnly('a');
      file.punch((1 << 20) - 10, 100);
      assertThat(file.byteSize()).isEqualTo(1 << 20);
      if (given) {
        assertThat(allocatedByteSize(path)).isLessThan((1 << 20) - (1 << 18));
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void directAccessDemandsAlignmentAndBypassesTheCache(Engine engine) {
    DirectDirectory.assume(directory);
    Set<OpenOption> direct = EnumSet.copyOf(MAKE);
    direct.add(OpenOption.DIRECT);
    try (DiskFile file = engine.disk().open(directory.resolve("f"), direct);
        Arena arena = Arena.ofConfined()) {
      assertThat(file.isDirect()).isTrue();
      assertThat(file.alignment()).isGreaterThanOrEqualTo(4096);
      MemorySegment memory = arena.allocate(2L * file.alignment(), file.alignment());
      MemorySegment page = memory.asSlice(0, file.alignment());
      page.fill((byte) 'd');
      file.writeFully(file.alignment(), page);
      page.fill((byte) 0);
      file.readFully(file.alignment(), page);
      assertThat(page.toArray(ValueLayout.JAVA_BYTE)).containsOnly('d');
      assertThatThrownBy(() -> file.write(1, page)).isInstanceOf(CallerException.class);
      assertThatThrownBy(() -> file.read(0, memory.asSlice(8, file.alignment())))
          .isInstanceOf(CallerException.class);
      assertThatThrownBy(() -> file.write(0, page.asSlice(0, 100)))
          .isInstanceOf(CallerException.class);
      assertThat(file.punch(file.alignment() + 5, 10)).isEqualTo(engine != Engine.PORTABLE);
      file.readFully(file.alignment(), page);
      assertThat(page.asSlice(5, 10).toArray(ValueLayout.JAVA_BYTE)).containsOnly(0);
      assertThat(page.get(ValueLayout.JAVA_BYTE, 4)).isEqualTo((byte) 'd');
    }
  }

  @ParameterizedTest
  @EnumSource
  void anInterruptCostsTheThreadNothing(Engine engine) {
    DiskFile file = engine.disk().open(directory.resolve("f"), MAKE);
    write(file, 0, 'a', 100);
    if (engine != Engine.PORTABLE) {
      engine.disk().unlink(directory.resolve("f"));
    }
    Thread.currentThread().interrupt();
    if (engine == Engine.PORTABLE) {
      assertThatThrownBy(file::byteSize)
          .isInstanceOf(BackendException.class)
          .hasMessageContaining("interrupt");
      assertThat(Thread.interrupted()).isTrue();
      return;
    }
    assertThat(content(file, 0, 100)).containsOnly('a');
    assertThat(Thread.interrupted()).isTrue();
    write(file, 0, 'b', 100);
    assertThat(content(file, 0, 100)).containsOnly('b');
    file.close();
  }

  @Test
  void directoriesSurviveInterruptsToo() {
    Disk disk = new FileDisk();
    Thread.currentThread().interrupt();
    disk.syncDirectory(directory);
    disk.lock(directory.resolve("lock")).close();
    assertThat(Thread.interrupted()).isTrue();
  }

  @ParameterizedTest
  @EnumSource
  void namesAreListedRenamedAndRemoved(Engine engine) {
    Disk disk = engine.disk();
    Path sub = directory.resolve("a/b");
    disk.createDirectories(sub);
    disk.createDirectories(sub);
    disk.open(sub.resolve("2"), MAKE).close();
    disk.open(sub.resolve("1"), MAKE).close();
    assertThat(disk.list(sub)).containsExactly(sub.resolve("1"), sub.resolve("2"));
    disk.rename(sub.resolve("1"), sub.resolve("2"));
    disk.syncDirectory(sub);
    assertThat(disk.list(sub)).containsExactly(sub.resolve("2"));
    assertThat(disk.exists(sub.resolve("1"))).isFalse();
    disk.unlink(sub.resolve("2"));
    assertThat(disk.list(sub)).isEmpty();
    assertThatThrownBy(() -> disk.unlink(sub.resolve("2")))
        .isInstanceOfSatisfying(
            CallerException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.NOT_FOUND));
    assertThatThrownBy(() -> disk.unlink(sub)).isInstanceOf(BackendException.class);
    assertThat(sub).exists();
    assertThatThrownBy(() -> disk.list(directory.resolve("none")))
        .isInstanceOf(CallerException.class);
    disk.open(sub.resolve("file"), MAKE).close();
    assertThat(disk.list(sub)).containsExactly(sub.resolve("file"));
    assertThatThrownBy(() -> disk.list(sub.resolve("file")))
        .isInstanceOf(BackendException.class)
        .hasMessageContaining("Not a directory");
    assertThat(disk.usableByteSize(directory)).isPositive();
  }

  @Test
  void descriptorsAreRealOrUniqueNumbers() throws IOException {
    try (DiskFile real = new FileDisk().open(directory.resolve("a"), MAKE);
        DiskFile one = Engine.PORTABLE.disk().open(directory.resolve("b"), MAKE);
        DiskFile other = Engine.PORTABLE.disk().open(directory.resolve("b"), MAKE)) {
      assertThat(Path.of("/proc/self/fd/" + real.descriptor()).toRealPath())
          .isEqualTo(directory.resolve("a").toRealPath());
      assertThat(one.descriptor()).isNotEqualTo(other.descriptor());
    }
  }

  @Test
  void aDirectoryIsNoFile() {
    assertThatThrownBy(() -> new FileDisk().open(directory, MAKE))
        .isInstanceOfSatisfying(
            BackendException.class, e -> assertThat(e.nativeCode()).isEqualTo(Errno.EISDIR))
        .hasMessageContaining(directory.toString())
        .hasMessageNotContaining("\n");
  }

  @Test
  void aLockHeldByAnotherProcessNamesItAndEndsWithIt() throws Exception {
    Path path = directory.resolve("lock");
    Process holder =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                "-XX:TieredStopAtLevel=1",
                LockHolder.class.getName(),
                path.toString())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    try (BufferedReader output =
        new BufferedReader(
            new InputStreamReader(holder.getInputStream(), StandardCharsets.UTF_8))) {
      assertThat(output.readLine()).isEqualTo(LockHolder.HELD);
      assertThatThrownBy(() -> new FileDisk().lock(path))
          .isInstanceOf(TransientException.class)
          .hasMessageContaining("process " + holder.pid());
    } finally {
      holder.destroyForcibly().waitFor();
    }
    new FileDisk().lock(path).close();
  }

  static long allocatedByteSize(Path path) throws IOException {
    Process stat = new ProcessBuilder("stat", "-c", "%b", path.toString()).start();
    return 512 * Long.parseLong(new String(stat.getInputStream().readAllBytes()).strip());
  }

  @Test
  void anInterruptDuringACallNeitherShortensItNorMovesBytesTwice() throws Exception {
    int size = 64 << 10;
    AtomicBoolean over = new AtomicBoolean();
    Thread worker = Thread.currentThread();
    try (DiskFile file = new FileDisk().open(directory.resolve("f"), MAKE);
        Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(size);
      memory.fill((byte) 'a');
      file.writeFully(0, memory);
      MemorySegment longer = arena.allocate(2L * size);
      Thread interrupter =
          Thread.ofPlatform()
              .start(
                  () -> {
                    while (!over.get()) {
                      worker.interrupt();
                    }
                  });
      try {
        for (int round = 0; round < 3000; round++) {
          assertThat(file.write(0, memory)).as("written in round %d", round).isEqualTo(size);
          assertThat(file.read(0, longer)).as("read in round %d", round).isEqualTo(size);
        }
      } finally {
        over.set(true);
        while (interrupter.isAlive()) {
          Thread.interrupted();
          Thread.onSpinWait();
        }
        Thread.interrupted();
      }
      assertThat(file.byteSize()).isEqualTo(size);
      assertThat(longer.asSlice(size).toArray(ValueLayout.JAVA_BYTE)).containsOnly(0);
    }
  }

  @ParameterizedTest
  @EnumSource
  void extendingADirectFileKeepsWhatItsLastPageHolds(Engine engine) {
    DirectDirectory.assume(directory);
    Set<OpenOption> direct = EnumSet.copyOf(MAKE);
    direct.add(OpenOption.DIRECT);
    try (DiskFile file = engine.disk().open(directory.resolve("f"), direct);
        Arena arena = Arena.ofConfined()) {
      int page = file.alignment();
      MemorySegment memory = arena.allocate(3L * page, page);
      memory.fill((byte) 'd');
      file.writeFully(0, memory.asSlice(0, page));
      file.truncate(100);
      file.truncate(200);
      file.truncate(2L * page + 300);
      file.truncate(2L * page + 400);
      assertThat(file.byteSize()).isEqualTo(2L * page + 400);
      memory.fill((byte) 'x');
      assertThat(AlignedIo.readPages(file, 0, memory)).isEqualTo(2L * page + 400);
      byte[] bytes = memory.toArray(ValueLayout.JAVA_BYTE);
      assertThat(Arrays.copyOf(bytes, 100)).containsOnly('d');
      assertThat(Arrays.copyOfRange(bytes, 100, 2 * page + 400)).containsOnly(0);
    }
  }

  private static void write(DiskFile file, long position, char value, int length) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(length, 4096);
      bytes.fill((byte) value);
      file.writeFully(position, bytes);
    }
  }

  private static byte[] content(DiskFile file, long position, long length) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(length, 4096);
      file.readFully(position, bytes);
      return bytes.toArray(ValueLayout.JAVA_BYTE);
    }
  }
}
