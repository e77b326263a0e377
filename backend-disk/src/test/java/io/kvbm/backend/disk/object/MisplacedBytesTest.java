package io.kvbm.backend.disk.object;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.CorruptionException;
import io.kvbm.api.disk.Disk.OpenOption;
import io.kvbm.api.disk.DiskFile;
import io.kvbm.api.metrics.MetricsSink;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Bytes of one value in the place of another: both are intact, and only the echo tells them. */
class MisplacedBytesTest {

  private static final Path SEGMENT = Path.of("/s/segments/00000001.seg");
  private static final Path SEGMENT_OF_OTHER = Path.of("/t/segments/00000001.seg");
  private static final PutOptions SYNCED = PutOptions.DEFAULT.withDurability(Durability.SYNCED);

  private SimDisk disk = SimDisk.of(1);

  private LogObjectStore open(Path directory, EnumSet<Safeguard> without) {
    return LogObjectStore.open(
        disk,
        new InlineEngine(),
        directory,
        OpenMode.WRITE,
        ObjectStory.settings(without),
        new Codecs(List.of()),
        new ManualClock(),
        MemoryBudget.UNLIMITED,
        MetricsSink.NULL);
  }

  /** Copies one record over another, entry and all, but not its header. */
  private void move(Path from, long fromPosition, Path to, long toPosition) {
    try (Arena arena = Arena.ofConfined();
        DiskFile source = disk.open(from, Set.of(OpenOption.READ));
        DiskFile target = disk.open(to, Set.of(OpenOption.READ, OpenOption.WRITE))) {
      MemorySegment entry = arena.allocate(1024);
      source.readFully(fromPosition + RecordHeader.BYTE_SIZE, entry);
      target.writeFully(toPosition + RecordHeader.BYTE_SIZE, entry);
    }
  }

  private byte[] readAfter(String first, String second, EnumSet<Safeguard> without) {
    disk = SimDisk.of(1);
    try (LogObjectStore store = open(Path.of("/s"), without)) {
      store.put(first, BytePatterns.heap(500, 1), SYNCED);
      store.put(second, BytePatterns.heap(500, 2), SYNCED);
      move(SEGMENT, 2 * Format.PAGE, SEGMENT, Format.PAGE);
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

  /** Puts a value in another store of the same disk, whose versions are the same numbers. */
  private byte[] readAfterMixUp(String otherKey, EnumSet<Safeguard> without) {
    disk = SimDisk.of(1);
    try (LogObjectStore store = open(Path.of("/s"), without);
        LogObjectStore other = open(Path.of("/t"), without)) {
      long version = store.put("one", BytePatterns.heap(500, 1), SYNCED).version();
      assertThat(other.put(otherKey, BytePatterns.heap(500, 2), SYNCED).version())
          .isEqualTo(version);
      move(SEGMENT_OF_OTHER, Format.PAGE, SEGMENT, Format.PAGE);
      return store.getBytes("one").orElseThrow();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"one", "two"})
  void bytesOfAnotherStoreWithTheSameVersionAreToldByTheEchoAlone(String otherKey) {
    assertThatThrownBy(() -> readAfterMixUp(otherKey, EnumSet.of(Safeguard.GENERATION)))
        .isInstanceOf(CorruptionException.class)
        .hasMessageContaining("another store");
    byte[] wrong = readAfterMixUp(otherKey, EnumSet.of(Safeguard.KEY_ECHO));
    assertThat(BytePatterns.mismatch(MemorySegment.ofArray(wrong), 2)).isNegative();
  }

  /** A key is written twice, and the newer value is lost under the older one. */
  private byte[] readAfterLoss(EnumSet<Safeguard> without) {
    disk = SimDisk.of(1);
    try (LogObjectStore store = open(Path.of("/s"), without)) {
      store.put("one", BytePatterns.heap(500, 1), SYNCED);
      store.put("one", BytePatterns.heap(500, 2), SYNCED);
      move(SEGMENT, Format.PAGE, SEGMENT, 2 * Format.PAGE);
      return store.getBytes("one").orElseThrow();
    }
  }

  @Test
  void anOlderValueOfTheSameKeyIsToldByTheVersionAlone() {
    assertThatThrownBy(() -> readAfterLoss(EnumSet.of(Safeguard.KEY_ECHO)))
        .isInstanceOf(CorruptionException.class)
        .hasMessageContaining("version");
    byte[] old = readAfterLoss(EnumSet.of(Safeguard.GENERATION));
    assertThat(BytePatterns.mismatch(MemorySegment.ofArray(old), 1)).isNegative();
  }

  @Test
  void withoutBothTheWrongBytesAreGivenSoTheEchoesAreNeeded() {
    byte[] wrong = readAfter("one", "two", EnumSet.of(Safeguard.KEY_ECHO, Safeguard.GENERATION));
    assertThat(BytePatterns.mismatch(MemorySegment.ofArray(wrong), 1)).isNotNegative();
  }
}
