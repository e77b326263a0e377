package io.kvbm.backend.disk.slab;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.block.BlockKey;
import io.kvbm.api.disk.Disk.OpenOption;
import io.kvbm.api.disk.DiskFile;
import io.kvbm.api.store.StoredBlock;
import io.kvbm.testkit.disk.SimDisk;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Bits flipped and files cut behind the back of a store: a block is right or a miss. */
class SlabDamageTest {

  private static final int SLOTS = 3;
  private static final long SEED = 20_261_126;

  /** One body bit is flipped in each run of so many bytes. */
  private static final int BODY_STEP = 64;

  private final SimDisk disk = SimDisk.of(1);
  private final Path directory = SlabSettings.in(SlabFixture.DIRECTORY).directory();
  private final Map<Path, byte[]> image = new LinkedHashMap<>();
  private int found;

  private void makeStore(boolean closeInOrder) {
    SlabStore store = SlabFixture.open(disk, SLOTS);
    store.recover(_ -> {});
    for (int slot = 0; slot < SLOTS - 1; slot++) { // one stays empty
      assertThat(SlabFixture.put(store, slot, SlabFixture.key(slot), 9 + slot).isDone()).isTrue();
    }
    if (closeInOrder) {
      store.close();
    } else {
      store.abandon();
    }
    for (Path path : disk.list(directory)) {
      image.put(path, bytes(path));
    }
  }

  private byte[] bytes(Path path) {
    try (DiskFile file = disk.open(path, EnumSet.of(OpenOption.READ));
        Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(file.byteSize());
      file.readFully(0, memory);
      return memory.toArray(ValueLayout.JAVA_BYTE);
    }
  }

  private void restore() {
    for (Path path : disk.list(directory)) {
      if (!image.containsKey(path)) {
        disk.unlink(path);
      }
    }
    image.forEach((path, bytes) -> overwrite(path, 0, bytes, bytes.length));
  }

  private void overwrite(Path path, long position, byte[] bytes, long byteSize) {
    try (DiskFile file = disk.open(path, EnumSet.of(OpenOption.WRITE, OpenOption.CREATE));
        Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(bytes.length);
      memory.copyFrom(MemorySegment.ofArray(bytes));
      if (bytes.length > 0) {
        file.writeFully(position, memory);
      }
      file.truncate(byteSize);
    }
  }

  private void flip(Path path, byte[] whole, int bit) {
    int at = bit / Byte.SIZE;
    byte changed = (byte) (whole[at] ^ 1 << bit % Byte.SIZE);
    overwrite(path, at, new byte[] {changed}, whole.length);
  }

  /** Opens the damaged store and reads whatever it says it has. */
  private void assertNoWrongRead(String damage) {
    SlabStore store = SlabFixture.open(disk, SLOTS);
    List<StoredBlock> blocks = new ArrayList<>();
    store.recover(blocks::add);
    for (StoredBlock block : blocks) {
      if (block.generation() < 9 || block.generation() > 11) {
        throw new AssertionError(damage + " gave " + block);
      }
      BlockKey key = block.key();
      byte[] read = SlabFixture.get(store, block.slot(), key, block.generation());
      if (read != null) {
        found++;
        assertThat(key).as(damage).isEqualTo(SlabFixture.key(block.slot()));
        assertThat(read).as(damage).isEqualTo(SlabFixture.content(key, block.generation()));
      }
    }
    store.abandon();
  }

  private Path extent() {
    return image.keySet().stream()
        .filter(path -> path.toString().endsWith(ExtentFiles.SUFFIX))
        .findFirst()
        .orElseThrow();
  }

  /**
   * Every bit of superblocks and headers that is not padding, one seeded bit per 64 other bytes.
   */
  @Test
  void noBitOfAnExtentMakesAWrongBlock() {
    makeStore(false);
    Path extent = extent();
    byte[] whole = image.get(extent);
    SplittableRandom random = new SplittableRandom(SEED);
    int flips = 0;
    for (int page = 0; page < whole.length / DiskPages.PAGE; page++) {
      boolean isMetadata = page < 2 || (page - 2) % 3 == 0;
      for (int at = 0; at < DiskPages.PAGE; at += BODY_STEP) {
        int start = (page * DiskPages.PAGE + at) * Byte.SIZE;
        boolean isField = isMetadata && (at < 2 * BODY_STEP || at + BODY_STEP > DiskPages.CHECKSUM);
        int bits = BODY_STEP * Byte.SIZE;
        for (int bit = 0; bit < (isField ? bits : 1); bit++) {
          int chosen = start + (isField ? bit : random.nextInt(bits));
          flip(extent, whole, chosen);
          assertNoWrongRead("bit " + chosen + ", seed " + SEED);
          flips++;
          restore();
        }
      }
    }
    System.out.println("bits flipped: " + flips + ", right blocks read: " + found);
    assertThat(found).isPositive();
  }

  @Test
  void noBitOfTheSnapshotMakesAWrongBlock() {
    makeStore(true);
    Path snapshot = directory.resolve(IndexSnapshot.NAME);
    byte[] whole = image.get(snapshot);
    SplittableRandom random = new SplittableRandom(SEED);
    int fields = DiskPages.PAGE + SLOTS * (int) SlotTable.RECORD;
    for (int at = 0; at < whole.length; at++) {
      boolean isField = at < 64 || at >= DiskPages.CHECKSUM && at < fields;
      for (int bit = 0; bit < Byte.SIZE; bit++) {
        if (isField || bit == 0 && random.nextInt(BODY_STEP) == 0) {
          restore();
          flip(snapshot, whole, at * Byte.SIZE + bit);
          assertNoWrongRead("bit " + bit + " of byte " + at + " of the snapshot, seed " + SEED);
        }
      }
    }
    assertThat(found).isPositive();
  }

  @Test
  void noLengthOfTheFilesMakesAWrongBlock() {
    cutFiles(false);
  }

  @Test
  @Tag("slow")
  void noLengthAtAllMakesAWrongBlock() {
    cutFiles(true);
  }

  private void cutFiles(boolean every) {
    makeStore(true);
    for (Path path : image.keySet()) {
      byte[] whole = image.get(path);
      for (int length = 0; length < whole.length; length++) {
        // Otherwise those at the borders of pages and sectors, and a few between.
        if (every || length % 512 <= 1 || length % DiskPages.PAGE >= 4094 || length % 97 == 0) {
          restore();
          overwrite(path, 0, new byte[0], length);
          assertNoWrongRead(path + " cut to " + length);
        }
      }
    }
    assertThat(found).isPositive();
  }
}
