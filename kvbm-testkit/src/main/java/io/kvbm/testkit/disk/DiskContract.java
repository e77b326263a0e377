package io.kvbm.testkit.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import io.kvbm.api.CallerException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.TransientException;
import io.kvbm.api.disk.Disk;
import io.kvbm.api.disk.Disk.OpenOption;
import io.kvbm.api.disk.DiskFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/**
 * What every {@link Disk} does, the simulated one as the real ones. A subclass names a disk and a
 * directory in it that is empty for each test.
 */
public abstract class DiskContract {

  private static final Set<OpenOption> MAKE =
      EnumSet.of(OpenOption.READ, OpenOption.WRITE, OpenOption.CREATE);

  /** Creates the contract; called by JUnit. */
  protected DiskContract() {}

  /** {@return the disk under test; the same for the whole of a test} */
  protected abstract Disk disk();

  /** {@return an empty directory of the disk} */
  protected abstract Path directory();

  /**
   * {@return the disk under test as it is found after its power was cut now; empty where a test
   * cannot cut it}
   */
  protected Optional<Disk> afterPowerCut() {
    return Optional.empty();
  }

  @Test
  void whatWasSyncedSurvivesAPowerCut() {
    Path path = directory().resolve("synced");
    try (DiskFile file = make("synced")) {
      write(file, 0, 'a', 10_000);
      file.sync(true);
    }
    disk().syncDirectory(directory());
    Optional<Disk> found = afterPowerCut();
    Assumptions.assumeTrue(found.isPresent(), "the power of this disk cannot be cut by a test");
    assertThat(found.get().exists(path)).as("%s, whose name was synced", path).isTrue();
    try (DiskFile file = found.get().open(path, EnumSet.of(OpenOption.READ))) {
      assertThat(file.byteSize()).isEqualTo(10_000);
      assertOnly('a', read(file, 0, 10_000));
    }
  }

  @Test
  void bytesComeBackAndWhatWasNeverWrittenIsZero() {
    try (DiskFile file = make("f")) {
      write(file, 5000, 'a', 3000);
      assertThat(file.byteSize()).isEqualTo(8000);
      assertOnly(0, read(file, 0, 5000));
      assertOnly('a', read(file, 5000, 3000));
      write(file, 5100, 'b', 10);
      assertOnly('b', read(file, 5100, 10));
      assertOnly('a', read(file, 5110, 10));
      file.sync(false);
      file.sync(true);
    }
  }

  @Test
  void theEndOfAFileIsNoSuccess() {
    try (DiskFile file = make("f");
        Arena arena = Arena.ofConfined()) {
      write(file, 0, 'a', 100);
      assertThat(file.read(100, arena.allocate(1))).isEqualTo(-1);
      assertRefused(ErrorCode.OUT_OF_BOUNDS, () -> file.readFully(50, arena.allocate(51)));
    }
  }

  @Test
  void heapMemoryAndNegativePositionsAreRefused() {
    try (DiskFile file = make("f");
        Arena arena = Arena.ofConfined()) {
      MemorySegment heap = MemorySegment.ofArray(new byte[10]);
      assertRefused(ErrorCode.INVALID_ARGUMENT, () -> file.write(0, heap));
      assertRefused(ErrorCode.OUT_OF_BOUNDS, () -> file.write(-1, arena.allocate(1)));
      assertThat(file.byteSize()).isZero();
    }
  }

  @Test
  void lengthsAreCutAndExtendedWithZeros() {
    try (DiskFile file = make("f")) {
      write(file, 0, 'a', 9000);
      file.truncate(6000);
      assertThat(file.byteSize()).isEqualTo(6000);
      file.truncate(9000);
      assertThat(file.byteSize()).isEqualTo(9000);
      assertOnly('a', read(file, 0, 6000));
      assertOnly(0, read(file, 6000, 3000));
      assertThatThrownBy(() -> file.truncate(-1)).isInstanceOf(CallerException.class);
    }
  }

  @Test
  void reservingMakesTheFileLongerAndKeepsItsBytes() {
    try (DiskFile file = make("f")) {
      write(file, 0, 'a', 100);
      file.allocate(0, 1 << 20);
      assertThat(file.byteSize()).isEqualTo(1 << 20);
      assertOnly('a', read(file, 0, 100));
      assertOnly(0, read(file, 100, (1 << 20) - 100));
      file.allocate(0, 10);
      assertThat(file.byteSize()).isEqualTo(1 << 20);
      assertRefused(ErrorCode.OUT_OF_BOUNDS, () -> file.allocate(-1, 10));
      assertRefused(ErrorCode.OUT_OF_BOUNDS, () -> file.allocate(0, 0));
    }
  }

  @Test
  void punchedBytesAreZeroAndTheLengthStays() {
    try (DiskFile file = make("f")) {
      write(file, 0, 'a', 1 << 20);
      file.punch(4096 + 10, 1 << 19);
      assertOnly('a', read(file, 0, 4096 + 10));
      assertOnly(0, read(file, 4096 + 10, 1 << 19));
      assertOnly('a', read(file, 4096 + 10 + (1 << 19), 100));
      file.punch((1 << 20) - 10, 100);
      assertOnly(0, read(file, (1 << 20) - 10, 10));
      assertThat(file.byteSize()).isEqualTo(1 << 20);
    }
  }

  @Test
  void openingFollowsItsOptions() {
    Path path = directory().resolve("f");
    assertRefused(ErrorCode.NOT_FOUND, () -> disk().open(path, EnumSet.of(OpenOption.READ)));
    Set<OpenOption> exclusive = EnumSet.of(OpenOption.WRITE, OpenOption.CREATE_NEW);
    try (DiskFile file = disk().open(path, exclusive)) {
      write(file, 0, 'a', 10);
      assertRefused(ErrorCode.INVALID_ARGUMENT, () -> read(file, 0, 1));
    }
    assertRefused(ErrorCode.PRECONDITION_FAILED, () -> disk().open(path, exclusive));
    try (DiskFile file = disk().open(path, EnumSet.of(OpenOption.READ))) {
      assertOnly('a', read(file, 0, 10));
      assertRefused(ErrorCode.INVALID_ARGUMENT, () -> write(file, 0, 'b', 1));
    }
    try (DiskFile file = disk().open(path, EnumSet.of(OpenOption.WRITE, OpenOption.TRUNCATE))) {
      assertThat(file.byteSize()).isZero();
    }
    assertRefused(ErrorCode.OPERATION_FAILED, () -> disk().open(directory(), MAKE));
  }

  @Test
  void temporaryFilesReplaceTheLastSixPlaceholders() {
    Set<OpenOption> options = EnumSet.of(OpenOption.READ, OpenOption.WRITE);
    Path template = directory().resolve("XXXXXXXX.tmp");
    try (DiskFile one = disk().openTemporary(template, options);
        DiskFile other = disk().openTemporary(template, options)) {
      assertThat(one.path().getFileName().toString()).matches("XX[a-zA-Z0-9]{6}\\.tmp");
      assertThat(other.path()).isNotEqualTo(one.path());
      assertThat(disk().list(directory())).containsExactlyInAnyOrder(one.path(), other.path());
    }
    assertRefused(
        ErrorCode.INVALID_ARGUMENT,
        () -> disk().openTemporary(directory().resolve("XXXXX"), options));
  }

  @Test
  void namesAreListedRenamedAndRemoved() {
    Path sub = directory().resolve("a/b");
    disk().createDirectories(sub);
    disk().createDirectories(sub);
    Path one = sub.resolve("1");
    Path two = sub.resolve("2");
    disk().open(two, MAKE).close();
    try (DiskFile file = disk().open(one, MAKE)) {
      write(file, 0, 'a', 10);
    }
    assertThat(disk().list(sub)).containsExactly(one, two);
    disk().rename(one, two);
    disk().syncDirectory(sub);
    assertThat(disk().list(sub)).containsExactly(two);
    assertThat(disk().exists(one)).isFalse();
    try (DiskFile file = disk().open(two, EnumSet.of(OpenOption.READ))) {
      disk().unlink(two);
      assertThat(disk().exists(two)).isFalse();
      assertOnly('a', read(file, 0, 10));
    }
    assertRefused(ErrorCode.NOT_FOUND, () -> disk().unlink(two));
    assertRefused(ErrorCode.NOT_FOUND, () -> disk().rename(one, two));
    assertRefused(ErrorCode.NOT_FOUND, () -> disk().list(directory().resolve("none")));
    assertRefused(ErrorCode.OPERATION_FAILED, () -> disk().unlink(sub));
    assertThat(disk().exists(sub)).isTrue();
    assertThat(disk().usableByteSize(directory())).isPositive();
  }

  @Test
  void aClosedFileRefusesAndClosesOnce() {
    DiskFile file = make("f");
    file.close();
    file.close();
    assertThatThrownBy(file::byteSize).isInstanceOf(ClosedException.class);
    assertThatThrownBy(() -> file.sync(true)).isInstanceOf(ClosedException.class);
    assertThatThrownBy(() -> file.truncate(0)).isInstanceOf(ClosedException.class);
    assertThatThrownBy(() -> read(file, 0, 1)).isInstanceOf(ClosedException.class);
  }

  @Test
  void openFilesHaveDifferentDescriptors() {
    try (DiskFile one = make("f");
        DiskFile other = make("f")) {
      assertThat(one.descriptor()).isNotNegative().isNotEqualTo(other.descriptor());
      assertThat(one.isDirect()).isFalse();
      assertThat(one.alignment()).isEqualTo(1);
    }
  }

  @Test
  void aLockIsHeldOnceUntilItIsClosed() {
    Path path = directory().resolve("lock");
    Disk.DiskLock lock = disk().lock(path);
    assertThatThrownBy(() -> disk().lock(path))
        .isInstanceOfSatisfying(
            TransientException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.LOCKED))
        .hasMessageContaining("this process");
    lock.close();
    lock.close();
    disk().lock(path).close();
  }

  private static void assertRefused(ErrorCode code, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            KvbmException.class, e -> assertThat(e.code()).as("code of %s", e).isEqualTo(code))
        .hasMessageNotContaining("\n");
  }

  private static void assertOnly(int value, byte[] bytes) {
    for (int i = 0; i < bytes.length; i++) {
      if (bytes[i] != value) {
        fail("byte %d of %d read is %d, not %d".formatted(i, bytes.length, bytes[i], value));
      }
    }
  }

  private DiskFile make(String name) {
    return disk().open(directory().resolve(name), MAKE);
  }

  private static void write(DiskFile file, long position, char value, int length) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(length);
      bytes.fill((byte) value);
      file.writeFully(position, bytes);
    }
  }

  private static byte[] read(DiskFile file, long position, int length) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(length);
      file.readFully(position, bytes);
      return bytes.toArray(ValueLayout.JAVA_BYTE);
    }
  }
}
