package io.kvbm.backend.disk.object;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.CorruptionException;
import io.kvbm.api.disk.Disk.OpenOption;
import io.kvbm.api.disk.DiskFile;
import io.kvbm.api.spi.MemoryBudget;
import io.kvbm.api.store.Durability;
import io.kvbm.api.store.OpenMode;
import io.kvbm.api.store.PutOptions;
import io.kvbm.backend.disk.io.InlineEngine;
import io.kvbm.testkit.BytePatterns;
import io.kvbm.testkit.ManualClock;
import io.kvbm.testkit.disk.SimDisk;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Bytes of one value in the place of another: both are intact, and only the echo tells them. */
class MisplacedBytesTest {

  private static final Path SEGMENT = Path.of("/s/segments/00000001.seg");
  private static final PutOptions SYNCED = PutOptions.DEFAULT.withDurability(Durability.SYNCED);

  private SimDisk disk = SimDisk.of(1);

  private LogObjectStore open(EnumSet<Safeguard> without) {
    return LogObjectStore.open(
        disk,
        new InlineEngine(),
        Path.of("/s"),
        OpenMode.WRITE,
        ObjectStory.settings(without),
        new Codecs(List.of()),
        new ManualClock(),
        MemoryBudget.UNLIMITED);
  }

  /** Copies the second record over the first, entry and all, but not its header. */
  private void misplace() {
    try (Arena arena = Arena.ofConfined();
        DiskFile file = disk.open(SEGMENT, Set.of(OpenOption.READ, OpenOption.WRITE))) {
      MemorySegment entry = arena.allocate(1024);
      file.readFully(2 * Format.PAGE + RecordHeader.BYTE_SIZE, entry);
      file.writeFully(Format.PAGE + RecordHeader.BYTE_SIZE, entry);
    }
  }

  private byte[] readAfter(String first, String second, EnumSet<Safeguard> without) {
    disk = SimDisk.of(1);
    try (LogObjectStore store = open(without)) {
      store.put(first, BytePatterns.heap(500, 1), SYNCED);
      store.put(second, BytePatterns.heap(500, 2), SYNCED);
      misplace();
      return store.getBytes(first).orElseThrow();
    }
  }

  @Test
  void bytesOfAnotherKeyAreNoticed() {
    assertThatThrownBy(() -> readAfter("one", "two", EnumSet.noneOf(Safeguard.class)))
        .isInstanceOf(CorruptionException.class)
        .hasMessageContaining("another key");
  }

  @Test
  void withoutTheKeyEchoOnlyTheVersionTells() {
    assertThatThrownBy(() -> readAfter("one", "two", EnumSet.of(Safeguard.KEY_ECHO)))
        .isInstanceOf(CorruptionException.class)
        .hasMessageContaining("version");
    assertThatThrownBy(() -> readAfter("one", "two", EnumSet.of(Safeguard.GENERATION)))
        .isInstanceOf(CorruptionException.class)
        .hasMessageContaining("another key");
  }

  @Test
  void withoutBothTheWrongBytesAreGivenSoTheEchoesAreNeeded() {
    byte[] wrong = readAfter("one", "two", EnumSet.of(Safeguard.KEY_ECHO, Safeguard.GENERATION));
    assertThat(BytePatterns.mismatch(MemorySegment.ofArray(wrong), 1)).isNotNegative();
  }
}
