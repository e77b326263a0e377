package io.kvbm.backend.disk.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.disk.Disk.OpenOption;
import io.kvbm.api.disk.DiskFile;
import io.kvbm.api.store.Durability;
import io.kvbm.backend.disk.io.InlineEngine;
import io.kvbm.testkit.disk.SimDisk;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/**
 * A log as version 1 wrote it is read for ever. {@code -Dkvbm.golden.formats=write} writes it anew,
 * for a new version under a new name.
 */
class LogGoldenTest {

  private static final String GOLDEN = "log-v1.bin";
  private static final Path SEGMENT = LogStory.DIRECTORY.resolve("0000000000000001.log");
  private static final String RECORDS = "abcde";

  @Test
  void aLogOfVersion1IsRead() throws IOException {
    if ("write".equals(System.getProperty("kvbm.golden.formats"))) {
      Files.write(Path.of("src/test/resources/io/kvbm/backend/disk/log", GOLDEN), written());
    }
    byte[] golden = golden();
    SimDisk disk = SimDisk.of(1);
    write(disk, golden);
    try (DiskLog log = LogFaultTest.open(disk)) {
      assertThat(LogFaultTest.replay(log)).isEqualTo(RECORDS);
      assertThat(log.firstSequence()).isEqualTo(1);
      assertThat(log.nextSequence()).isEqualTo(RECORDS.length() + 1);
    }
  }

  @Test
  void whatIsWrittenTodayIsVersion1() throws IOException {
    byte[] golden = golden();
    byte[] today = written();
    assertThat(today).hasSameSizeAs(golden);
    MemorySegment page = MemorySegment.ofArray(golden).asSlice(0, SegmentHeader.PAGE);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment again = arena.allocate(SegmentHeader.PAGE);
      MemorySegment copy = arena.allocate(SegmentHeader.PAGE);
      copy.copyFrom(page);
      SegmentHeader header = SegmentHeader.decode(copy, SEGMENT);
      header.encode(again);
      assertThat(again.mismatch(page)).isEqualTo(-1);
    }
    // Identity and checksums differ; lengths, types, numbers and bytes do not.
    for (int group = SegmentHeader.PAGE; group < golden.length; group += SegmentHeader.PAGE) {
      for (int at = group; at < group + 200; at++) {
        int field = at - group;
        boolean checksum =
            (field >= 12 && field < 16)
                || (field >= 24 && field < 28)
                || (field >= 60 && field < 64)
                || (field >= 72 && field < 76);
        if (!checksum) {
          assertThat(today[at]).as("byte %d", at).isEqualTo(golden[at]);
        }
      }
    }
  }

  private static byte[] golden() throws IOException {
    try (InputStream in = LogGoldenTest.class.getResourceAsStream(GOLDEN)) {
      return Objects.requireNonNull(in, GOLDEN).readAllBytes();
    }
  }

  private static byte[] written() {
    SimDisk disk = SimDisk.of(1);
    SegmentFiles files =
        new SegmentFiles(
            disk,
            new InlineEngine(),
            LogStory.DIRECTORY,
            new LogSettings(64 << 10, true, false),
            LogChecks.ALL);
    try (DiskLog log = DiskLog.open(files, Runnable::run, () -> {})) {
      for (char c : RECORDS.toCharArray()) {
        LogFaultTest.append(log, c, Durability.SYNCED);
      }
    }
    try (DiskFile file = disk.open(SEGMENT, EnumSet.of(OpenOption.READ));
        Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(file.byteSize());
      file.readFully(0, bytes);
      return bytes.toArray(ValueLayout.JAVA_BYTE);
    }
  }

  private static void write(SimDisk disk, byte[] content) {
    disk.createDirectories(LogStory.DIRECTORY);
    try (DiskFile file = disk.open(SEGMENT, EnumSet.of(OpenOption.WRITE, OpenOption.CREATE));
        Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(content.length);
      bytes.copyFrom(MemorySegment.ofArray(content));
      file.writeFully(0, bytes);
    }
  }
}
