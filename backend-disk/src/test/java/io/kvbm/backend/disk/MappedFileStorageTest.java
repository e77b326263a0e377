package io.kvbm.backend.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.CallerException;
import io.kvbm.api.CapacityException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.TransientException;
import io.kvbm.api.storage.Lease;
import io.kvbm.api.storage.Region;
import io.kvbm.api.storage.StorageType;
import io.kvbm.api.storage.StorageValidation;
import io.kvbm.testkit.RequiredTools;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MappedFileStorageTest {

  private static final int ODD_SIZE = 5 * 4096 + 123;

  @TempDir Path directory;

  @Test
  void aStorageIsAFileInMemoryOfExactlyItsSize() throws IOException {
    Path path = directory.resolve("a/b/file");
    try (MappedFileStorage storage = MappedFileStorage.newAt(path, ODD_SIZE)) {
      assertThat(storage.path()).isEqualTo(path);
      assertThat(storage.type()).isEqualTo(StorageType.disk(storage.fd()));
      assertThat(storage.byteSize()).isEqualTo(ODD_SIZE);
      assertThat(storage.isHostAccessible()).isTrue();
      assertThat(storage.address()).isNotZero().isEqualTo(segment(storage).address());
      assertThat(segment(storage).byteSize()).isEqualTo(ODD_SIZE);
      assertThat(Path.of("/proc/self/fd/" + storage.fd()).toRealPath())
          .isEqualTo(path.toRealPath());
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
          .isEqualTo("rw-r--r--");
      assertThat(Files.readAllBytes(path)).containsOnly(0).hasSize(ODD_SIZE);
      StorageValidation.validate(storage);
    }
  }

  @Test
  void whatIsWrittenToMemoryIsInTheFileAndStaysThere() throws IOException {
    Path path = directory.resolve("f");
    try (MappedFileStorage storage = MappedFileStorage.newAt(path, ODD_SIZE)) {
      storage.memset(7, 4000, 200);
      segment(storage).set(ValueLayout.JAVA_BYTE, ODD_SIZE - 1, (byte) 9);
    }
    byte[] content = Files.readAllBytes(path);
    assertThat(content).hasSize(ODD_SIZE);
    for (int i = 0; i < ODD_SIZE; i++) {
      int expected = i >= 4000 && i < 4200 ? 7 : i == ODD_SIZE - 1 ? 9 : 0;
      assertThat(content[i]).as("byte %d", i).isEqualTo((byte) expected);
    }
  }

  @Test
  void aFileOfThatSizeIsMappedWithItsBytes() throws IOException {
    Path path = directory.resolve("there");
    Files.writeString(path, "x".repeat(10_000));
    try (MappedFileStorage storage = MappedFileStorage.newAt(path, 10_000)) {
      assertThat(segment(storage).toArray(ValueLayout.JAVA_BYTE)).containsOnly('x').hasSize(10_000);
    }
    assertThat(Files.readString(path)).isEqualTo("x".repeat(10_000));
  }

  @Test
  void aShorterFileGrowsWithZerosAndALongerOneIsRefusedUntouched() throws IOException {
    Path path = directory.resolve("there");
    Files.writeString(path, "x".repeat(5000));
    try (MappedFileStorage storage = MappedFileStorage.newAt(path, 9000)) {
      assertThat(segment(storage).asSlice(0, 5000).toArray(ValueLayout.JAVA_BYTE))
          .containsOnly('x');
      assertThat(segment(storage).asSlice(5000).toArray(ValueLayout.JAVA_BYTE))
          .containsOnly(0)
          .hasSize(4000);
    }
    assertThatThrownBy(() -> MappedFileStorage.newAt(path, 8999))
        .isInstanceOfSatisfying(
            CallerException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.PRECONDITION_FAILED))
        .hasMessageContaining("9000")
        .hasMessageContaining("8999");
    assertThat(Files.size(path)).isEqualTo(9000);
    MappedFileStorage.newAt(path, 9000).close(); // The refusal gave the lock back.
  }

  @Test
  void holesAreFilledBeforeTheFileIsMapped() throws IOException {
    Path path = directory.resolve("sparse");
    int size = 8 << 20;
    try (var file = new FileDisk().open(path, FileDiskTest.MAKE)) {
      file.truncate(size);
    }
    assertThat(FileDiskTest.allocatedByteSize(path)).isZero();
    try (MappedFileStorage _ = MappedFileStorage.newAt(path, size)) {
      assertThat(FileDiskTest.allocatedByteSize(path)).isGreaterThanOrEqualTo(size);
    }
    try (MappedFileStorage made = MappedFileStorage.newTemp(directory, size)) {
      assertThat(FileDiskTest.allocatedByteSize(made.path())).isGreaterThanOrEqualTo(size);
    }
  }

  @Test
  void aTemporaryFileIsPrivateAndGoneAfterTheLastLease() throws IOException {
    MappedFileStorage storage = MappedFileStorage.newTemp(directory, ODD_SIZE);
    assertThat(storage.path().getFileName().toString()).matches("kvbm-mapped-[a-zA-Z0-9]{6}");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(storage.path())))
        .isEqualTo("rw-------");
    Lease lease = storage.lease();
    storage.close();
    assertThat(storage.path()).exists();
    assertThat(isMapped(storage.path())).isTrue();
    Path real = storage.path().toRealPath();
    lease.close();
    assertThat(isMapped(real)).isFalse();
    assertThat(entries()).isEmpty();
    assertThatThrownBy(storage::force).isInstanceOf(ClosedException.class);
  }

  @Test
  void aTemporaryStorageIsInTheDirectoryOfTheEnvironment() {
    try (MappedFileStorage storage = MappedFileStorage.newTemp(4096)) {
      assertThat(storage.path().getParent())
          .isEqualTo(DiskSettings.ofProcess().directory().toAbsolutePath());
    }
  }

  @Test
  void memoryIsUnmappedAndTheDescriptorClosedWhenTheStorageIs() throws IOException {
    Path path = directory.resolve("f");
    MappedFileStorage storage = MappedFileStorage.newAt(path, ODD_SIZE);
    MemorySegment bytes = segment(storage);
    assertThat(isMapped(path)).isTrue();
    storage.close();
    assertThat(isMapped(path)).isFalse();
    assertThat(path).exists();
    assertThatThrownBy(() -> bytes.get(ValueLayout.JAVA_BYTE, 0))
        .isInstanceOf(IllegalStateException.class);
    try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
      assertThat(open.map(MappedFileStorageTest::target)).doesNotContain(path.toRealPath());
    }
  }

  private static Path target(Path link) {
    try {
      return Files.readSymbolicLink(link);
    } catch (IOException e) {
      return link;
    }
  }

  @Test
  void zeroBytesAreRefusedAndLeaveNothing() throws IOException {
    for (long size : new long[] {0, -1, Long.MIN_VALUE}) {
      assertThatThrownBy(() -> MappedFileStorage.newAt(directory.resolve("zero"), size))
          .isInstanceOfSatisfying(
              CapacityException.class,
              e -> assertThat(e.code()).isEqualTo(ErrorCode.ALLOCATION_FAILED))
          .hasMessageStartingWith("zero-sized allocations are not supported");
      assertThatThrownBy(() -> MappedFileStorage.newTemp(directory, size))
          .hasMessageStartingWith("zero-sized allocations are not supported");
    }
    assertThat(entries()).isEmpty();
  }

  @Test
  void whatIsNoFileIsRefused() {
    assertThatThrownBy(() -> MappedFileStorage.newAt(directory, 4096))
        .isInstanceOf(CallerException.class)
        .hasMessageContaining("no regular file");
    assertThatThrownBy(() -> MappedFileStorage.newAt(Path.of("/dev/null"), 4096))
        .isInstanceOf(CallerException.class);
    assertThatThrownBy(() -> MappedFileStorage.newAt(Path.of("/"), 4096))
        .isInstanceOf(CallerException.class);
  }

  @Test
  void aSecondMappingIsRefusedByWhicheverName() throws IOException {
    Path path = directory.resolve("f");
    Path link = Files.createSymbolicLink(directory.resolve("link"), path);
    try (MappedFileStorage _ = MappedFileStorage.newAt(path, 4096)) {
      for (Path name :
          List.of(path, link, directory.resolve("../" + directory.getFileName() + "/f"))) {
        assertThatThrownBy(() -> MappedFileStorage.newAt(name, 4096))
            .isInstanceOfSatisfying(
                TransientException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.LOCKED))
            .hasMessageContaining("this process, pid " + ProcessHandle.current().pid());
      }
    }
    MappedFileStorage.newAt(link, 4096).close();
    try (MappedFileStorage temporary = MappedFileStorage.newTemp(directory, 4096)) {
      assertThatThrownBy(() -> MappedFileStorage.newAt(temporary.path(), 4096))
          .isInstanceOf(TransientException.class);
    }
  }

  @Test
  void aMappedFileIsNotCutByAScratchStorageOfItsName() throws IOException {
    Path path = directory.resolve("f");
    try (MappedFileStorage storage = MappedFileStorage.newAt(path, ODD_SIZE)) {
      storage.memset(5, 0, ODD_SIZE);
      assertThatThrownBy(() -> DiskStorage.newAt(path, 4096))
          .isInstanceOf(TransientException.class)
          .hasMessageContaining("this process");
      assertThat(segment(storage).toArray(ValueLayout.JAVA_BYTE)).containsOnly(5);
    }
    DiskStorage.newAt(path, 4096).close();
    assertThat(path).doesNotExist();
  }

  @Test
  void anInterruptedThreadMapsAndStaysInterrupted() {
    Thread.currentThread().interrupt();
    try (MappedFileStorage storage = MappedFileStorage.newTemp(directory, ODD_SIZE)) {
      assertThat(Thread.currentThread().isInterrupted()).isTrue();
      storage.memset(1, 0, ODD_SIZE);
      storage.force();
    }
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void forcingOutsideTheStorageIsRefused() {
    try (MappedFileStorage storage = MappedFileStorage.newTemp(directory, ODD_SIZE)) {
      storage.force(0, 0);
      storage.force(ODD_SIZE, 0);
      storage.force(4095, 2);
      for (long[] range : new long[][] {{-1, 1}, {0, ODD_SIZE + 1}, {1, Long.MAX_VALUE}}) {
        assertThatThrownBy(() -> storage.force(range[0], range[1]))
            .isInstanceOfSatisfying(
                KvbmException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.OUT_OF_BOUNDS));
      }
    }
  }

  @Test
  void anotherProcessHoldsAMappingUntilItIsKilled() throws Exception {
    Path path = directory.resolve("f");
    Process holder = start(List.of(), "hold", path);
    try (BufferedReader output = reader(holder)) {
      assertThat(output.readLine()).isEqualTo("held");
      assertThatThrownBy(() -> MappedFileStorage.newAt(path, MappedFileUser.BYTE_SIZE))
          .isInstanceOf(TransientException.class)
          .hasMessageContaining("process " + holder.pid());
      assertThatThrownBy(() -> DiskStorage.newAt(path, 4096))
          .isInstanceOf(TransientException.class)
          .hasMessageContaining("process " + holder.pid());
    } finally {
      holder.destroyForcibly().waitFor();
    }
    try (MappedFileStorage storage = MappedFileStorage.newAt(path, MappedFileUser.BYTE_SIZE)) {
      assertThat(segment(storage).toArray(ValueLayout.JAVA_BYTE))
          .as("what was written survives the process")
          .containsOnly(MappedFileUser.VALUE);
    }
  }

  @Test
  void forcingSyncsTheBytesTheLengthAndOnceTheName() throws Exception {
    Path path = directory.resolve("f");
    Path trace = directory.resolve("trace");
    List<String> calls = traced(trace, List.of("-y", "-e", "trace=msync,fsync"), path, "forced");
    Path real = path.toRealPath();
    assertThat(calls.stream().filter(line -> line.contains("msync("))).hasSize(2);
    assertThat(calls.stream().filter(line -> line.contains("MS_SYNC"))).hasSize(2);
    assertThat(calls.stream().filter(line -> line.contains("<" + real + ">)"))).hasSize(1);
    assertThat(calls.stream().filter(line -> line.contains("<" + real.getParent() + ">)")))
        .hasSize(1);
  }

  @Test
  void aForceThatFailedPoisonsTheStorage() throws Exception {
    traced(
        directory.resolve("trace"),
        List.of("-e", "trace=msync", "-e", "inject=msync:error=EIO:when=1"),
        directory.resolve("f"),
        "failed and refused");
  }

  /** Runs a process that forces a mapping twice; returns its system calls. */
  private List<String> traced(Path trace, List<String> options, Path path, String outcome)
      throws Exception {
    List<String> strace = new ArrayList<>(List.of("strace", "-f", "-o", trace.toString()));
    strace.addAll(options);
    Process process;
    try {
      process = start(strace, "force", path);
    } catch (IOException e) {
      RequiredTools.assumeOrFail("strace", false, "install strace");
      throw e;
    }
    try (BufferedReader output = reader(process)) {
      String line = output.readLine();
      RequiredTools.assumeOrFail("strace", line != null, "strace may not trace here");
      assertThat(line).isEqualTo(outcome);
      assertThat(process.waitFor()).isZero();
    } finally {
      process.destroyForcibly();
    }
    return Files.readAllLines(trace);
  }

  private static Process start(List<String> prefix, String action, Path path) throws IOException {
    List<String> command = new ArrayList<>(prefix);
    command.addAll(
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            "-XX:TieredStopAtLevel=1",
            "--enable-native-access=ALL-UNNAMED",
            MappedFileUser.class.getName(),
            action,
            path.toString()));
    return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
  }

  private static BufferedReader reader(Process process) {
    return new BufferedReader(
        new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  private static MemorySegment segment(MappedFileStorage storage) {
    return ((Region.HostRegion) storage.region()).segment();
  }

  private static boolean isMapped(Path path) throws IOException {
    Path real = Files.exists(path) ? path.toRealPath() : path;
    return Files.readAllLines(Path.of("/proc/self/maps")).stream()
        .anyMatch(line -> line.contains(" " + real));
  }

  private List<Path> entries() throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.toList();
    }
  }
}
