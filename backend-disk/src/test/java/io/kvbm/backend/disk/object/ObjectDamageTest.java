package io.kvbm.backend.disk.object;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.CorruptionException;
import io.kvbm.api.disk.Disk.OpenOption;
import io.kvbm.api.disk.DiskFile;
import io.kvbm.api.metrics.MetricsSink;
import io.kvbm.api.spi.MemoryBudget;
import io.kvbm.api.storage.Region;
import io.kvbm.api.store.Durability;
import io.kvbm.api.store.MaintainedStore.Progress;
import io.kvbm.api.store.ObjectBatch;
import io.kvbm.api.store.ObjectStat;
import io.kvbm.api.store.OpenMode;
import io.kvbm.api.store.PutOptions;
import io.kvbm.backend.disk.io.SingleThreadEngine;
import io.kvbm.testkit.disk.CrashOracle;
import io.kvbm.testkit.disk.CrashRuns;
import io.kvbm.testkit.disk.SimDisk;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.UUID;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Decayed and cut files: whatever bit flips and wherever a file ends, what is read is right, or is
 * refused. As the store was closed in order, nothing may be absent silently either.
 */
class ObjectDamageTest {

  private static final long SEED = 20260728;
  private static final int BODY_STEP = 64;
  private static final PutOptions SYNCED = PutOptions.DEFAULT.withDurability(Durability.SYNCED);

  private final SimDisk disk = SimDisk.of(1);
  private final Map<String, Long> expected = new TreeMap<>();
  private StoreSettings settings =
      TestSettings.small().segments(16 << 10, 5000).codec(RunLengthCodec.NUMBER).build();
  private Map<Path, byte[]> image = Map.of();
  private Region.HostRegion target = new Region.HostRegion(MemorySegment.NULL);
  private String mayLack = "";
  private boolean lost;
  private final Map<String, Integer> outcomes = new TreeMap<>();

  private LogObjectStore open(OpenMode mode) {
    return ObjectFixture.open(
        disk, new SingleThreadEngine(), ObjectFixture.DIRECTORY, mode, settings);
  }

  private void put(LogObjectStore store, String key, long version, int byteSize) {
    store.put(key, ObjectFixture.value(key, version, byteSize), SYNCED);
    expected.put(key, version);
  }

  private void makeSmallStore() {
    try (LogObjectStore store = open(OpenMode.WRITE)) {
      put(store, "plain", 1, 300);
      put(store, "file", 2, 6000);
      put(store, "replaced", 3, 100);
      put(store, "deleted", 4, 100);
      ObjectBatch batch = new ObjectBatch();
      batch.put("batch-1", ObjectFixture.value("batch-1", 5, 64), SYNCED);
      batch.put("batch-2", ObjectFixture.value("batch-2", 6, 700), SYNCED);
      batch.delete("deleted");
      store.apply(batch);
      expected.putAll(Map.of("batch-1", 5L, "batch-2", 6L, "deleted", CrashOracle.ABSENT));
      store.put("packed", packed(), SYNCED);
      expected.put("packed", 0x2020202020202020L);
      store.put(
          "mortal",
          ObjectFixture.value("mortal", 7, 90),
          SYNCED.withTimeToLive(Duration.ofDays(1)));
      expected.put("mortal", 7L);
      put(store, "replaced", 8, 120);
    }
    try (LogObjectStore store = open(OpenMode.WRITE)) {
      put(store, "later", 10, 3000); // into the next segment
      put(store, "last", 11, 200);
    }
    image = ObjectFixture.files(disk);
  }

  private static MemorySegment packed() {
    byte[] bytes = new byte[2000];
    Arrays.fill(bytes, (byte) ' ');
    return MemorySegment.ofArray(bytes);
  }

  /** Reads a key of an open store; wrong bytes and silent losses are errors. */
  private boolean readsRight(LogObjectStore store, String key, String damage) {
    try {
      long version;
      if (key.equals("packed")) {
        byte[] bytes = store.getBytes(key).orElse(new byte[Long.BYTES]);
        version = MemorySegment.ofArray(bytes).get(ValueLayout.JAVA_LONG_UNALIGNED, 0);
        assertThat(bytes).as(damage).isEqualTo(packed().toArray(ValueLayout.JAVA_BYTE));
      } else {
        version = ObjectFixture.version(store, key);
      }
      if (version == CrashOracle.ABSENT && key.equals(mayLack)) {
        lost = true;
      } else if (version != Objects.requireNonNull(expected.get(key))) {
        throw new AssertionError("%s: '%s' has version %d".formatted(damage, key, version));
      }
      return true;
    } catch (CorruptionException e) {
      return false;
    }
  }

  /** {@return what became of the damaged store: right, damaged values, refused} */
  private String readAll(OpenMode mode, String damage) {
    LogObjectStore store;
    try {
      store = open(mode);
    } catch (CorruptionException e) {
      return "refused";
    }
    boolean right = true;
    lost = false;
    for (String key : expected.keySet()) {
      right &= readsRight(store, key, damage);
    }
    if (mode == OpenMode.WRITE) {
      store.close();
    } else {
      store.abandon();
    }
    return !right ? "damaged" : lost ? "lost" : "right";
  }

  private void count(String outcome) {
    outcomes.merge(outcome, 1, Integer::sum);
  }

  private void restore() {
    for (String name : List.of("", "segments", "objects")) {
      for (Path path : disk.list(ObjectFixture.DIRECTORY.resolve(name))) {
        if (path.getFileName().toString().matches(ObjectFixture.FILES)
            && !image.containsKey(path)) {
          disk.unlink(path);
        }
      }
    }
    ObjectFixture.restore(disk, image);
  }

  /** One file whose bits are flipped in place. */
  private final class Flipper implements AutoCloseable {
    private final Arena arena = Arena.ofConfined();
    private final MemorySegment one = arena.allocate(1);
    private final byte[] whole;
    private final DiskFile file;

    Flipper(Path path) {
      this.whole = Objects.requireNonNull(image.get(path));
      this.file = disk.open(path, EnumSet.of(OpenOption.WRITE));
    }

    void flip(int at, int bit) {
      write(at, (byte) (whole[at] ^ 1 << bit));
    }

    void heal(int at) {
      write(at, whole[at]);
    }

    private void write(int at, byte value) {
      one.set(ValueLayout.JAVA_BYTE, 0, value);
      file.writeFully(at, one);
    }

    @Override
    public void close() {
      file.close();
      arena.close();
    }
  }

  /** Every bit that a checksum of the format covers, one seeded bit per 64 other bytes. */
  @Test
  void noBitMakesAWrongValueOrASilentLoss() {
    makeSmallStore();
    SplittableRandom random = new SplittableRandom(SEED);
    for (StoreMap.Part part : StoreMap.of(image)) {
      try (Flipper file = new Flipper(part.path())) {
        for (int at = part.from(); at < part.to(); at += isField(part, at) ? 1 : BODY_STEP) {
          if (isField(part, at)) {
            for (int bit = 0; bit < Byte.SIZE; bit++) {
              flipAndRead(file, part, at, bit);
            }
          } else {
            int chosen = at + random.nextInt(Math.min(BODY_STEP, part.to() - at));
            flipAndRead(file, part, chosen, random.nextInt(Byte.SIZE));
          }
        }
      }
    }
    System.out.println("bits of a small store: " + outcomes);
    assertThat(outcomes.keySet()).containsExactly("damaged", "refused", "right");
  }

  /** Checkpoints and first pages have tests of their own, which look only at what reads them. */
  private static boolean isField(StoreMap.Part part, int at) {
    boolean isPage = part.from() == 0 && part.to() >= Format.PAGE;
    return part.isChecked() && !(isPage && at >= 2 * BODY_STEP);
  }

  private void flipAndRead(Flipper file, StoreMap.Part part, int at, int bit) {
    file.flip(at, bit);
    String damage = "bit %d of byte %d of %s".formatted(bit, at, part.path());
    count(readAll(OpenMode.READ_SNAPSHOT, damage));
    file.heal(at);
  }

  @Test
  void noBitOfTheFirstPageOfAnObjectFileIsOverlooked() {
    makeSmallStore();
    Path path = pathOf(".obj");
    try (Flipper file = new Flipper(path);
        LogObjectStore store = open(OpenMode.READ_SNAPSHOT)) {
      for (int bit = 0; bit < Format.PAGE * Byte.SIZE; bit++) {
        file.flip(bit / Byte.SIZE, bit % Byte.SIZE);
        assertThat(readsRight(store, "file", "bit " + bit)).as("bit %d of %s", bit, path).isFalse();
        file.heal(bit / Byte.SIZE);
      }
      assertThat(readsRight(store, "file", "healed")).isTrue();
    }
  }

  @Test
  void noBitOfACheckpointIsOverlooked() {
    makeSmallStore();
    try (Buffers buffers = new Buffers(Arena::ofConfined, MemoryBudget.UNLIMITED)) {
      Checkpoints checkpoints = checkpoints(buffers);
      assertThat(checkpoints.heads()).hasSize(2);
      for (String name : List.of("checkpoint-0", "checkpoint-1")) {
        try (Flipper file = new Flipper(pathOf(name))) {
          for (int bit = 0; bit < file.whole.length * Byte.SIZE; bit++) {
            file.flip(bit / Byte.SIZE, bit % Byte.SIZE);
            assertThat(intact(checkpoints)).as("bit %d of %s", bit, name).isEqualTo(1);
            file.heal(bit / Byte.SIZE);
          }
        }
      }
      assertThat(intact(checkpoints)).isEqualTo(2);
    }
  }

  private Checkpoints checkpoints(Buffers buffers) {
    byte[] superblock = Objects.requireNonNull(image.get(pathOf("store-1")));
    MemorySegment page = MemorySegment.ofArray(superblock);
    return new Checkpoints(
        new StoreFiles(disk, ObjectFixture.DIRECTORY, settings),
        buffers,
        new UUID(page.get(Format.LONG, 8), page.get(Format.LONG, 16)),
        new StoreCounters(MetricsSink.NULL));
  }

  private static long intact(Checkpoints checkpoints) {
    return checkpoints.heads().stream().filter(head -> checkpoints.read(head, new Index())).count();
  }

  private Path pathOf(String end) {
    return image.keySet().stream()
        .filter(path -> path.toString().endsWith(end))
        .findFirst()
        .orElseThrow();
  }

  /** What a writer finds it also changes: it must not make a damaged store worse. */
  @Test
  void aWriterOfADamagedStoreReadsRightAndGoesOn() {
    makeSmallStore();
    SplittableRandom random = new SplittableRandom(SEED);
    for (StoreMap.Part part : StoreMap.of(image)) {
      for (int at = part.from(); at < part.to(); at += 1 + random.nextInt(2 * BODY_STEP)) {
        int bit = random.nextInt(Byte.SIZE);
        String damage = "bit %d of byte %d of %s".formatted(bit, at, part.path());
        try (Flipper file = new Flipper(part.path())) {
          file.flip(at, bit);
        }
        count(readAll(OpenMode.WRITE, damage));
        String again = readAll(OpenMode.WRITE, damage + ", opened again");
        count(again);
        if (!again.equals("refused")) {
          try (LogObjectStore store = open(OpenMode.WRITE)) {
            store.put("new", ObjectFixture.value("new", 99, 3000), SYNCED);
            store.compact(Progress.NONE);
          }
          readAll(OpenMode.WRITE, damage + ", compacted");
        }
        restore();
      }
    }
    System.out.println("bits before a writer: " + outcomes);
  }

  /** Without a checkpoint only the last record, which nothing proves durable, may be lost. */
  @Test
  void noBitOfAStoreThatWasNotClosedMakesAWrongValue() {
    makeSmallStore();
    Map<Path, byte[]> crashed = new LinkedHashMap<>(image);
    crashed.keySet().removeIf(path -> path.getFileName().toString().startsWith("checkpoint"));
    image = crashed;
    restore();
    SplittableRandom random = new SplittableRandom(SEED);
    List<StoreMap.Part> parts = StoreMap.of(image);
    StoreMap.Part last = parts.stream().filter(part -> "last".equals(part.key())).findFirst().get();
    for (StoreMap.Part part : parts) {
      try (Flipper file = new Flipper(part.path())) {
        for (int at = part.from(); at < part.to(); at += isField(part, at) ? 1 : BODY_STEP) {
          boolean isLast =
              part.path().equals(last.path()) && at >= last.from() - RecordHeader.BYTE_SIZE;
          mayLack = isLast ? "last" : "";
          flipAndRead(file, part, at, random.nextInt(Byte.SIZE));
        }
      }
    }
    System.out.println("bits of a store that was not closed: " + outcomes);
    assertThat(outcomes).containsKey("lost");
  }

  @Test
  void noLengthOfAFileMakesAWrongValueOrASilentLoss() {
    cutFiles(false);
  }

  @Test
  @Tag("slow")
  void noLengthAtAllMakesAWrongValueOrASilentLoss() {
    cutFiles(true);
  }

  private void cutFiles(boolean every) {
    makeSmallStore();
    for (Path path : image.keySet()) {
      byte[] whole = Objects.requireNonNull(image.get(path));
      for (int length = 0; length < whole.length; length++) {
        int inPage = length % Format.PAGE;
        if (every
            || length <= 129
            || inPage <= 1
            || inPage == Format.PAGE - 1
            || length % 97 == 0) {
          ObjectFixture.write(disk, path, 0, new byte[0], length);
          count(readAll(OpenMode.READ_SNAPSHOT, path + " cut to " + length));
          ObjectFixture.write(disk, path, 0, whole, whole.length);
        }
      }
      disk.unlink(path);
      count(readAll(OpenMode.READ_SNAPSHOT, path + " removed"));
      restore();
    }
    System.out.println("lengths of a small store: " + outcomes);
    assertThat(outcomes.keySet()).containsExactly("damaged", "refused", "right");
  }

  /**
   * Every bit of a store of a MiB; the range is {@code kvbm.seed.from} and {@code kvbm.seed.count}.
   * A bit of a value's bytes is looked at by who reads the value, any other by a new opening.
   */
  @Test
  @Tag("slow")
  void noBitOfAMebibyteMakesAWrongValueOrASilentLoss() {
    makeLargeStore();
    long from = Long.getLong(CrashRuns.SEED_FROM, 0);
    long to = from + Long.getLong(CrashRuns.SEED_COUNT, Long.MAX_VALUE - from);
    long bit = 0;
    long checked = 0;
    try (LogObjectStore store = open(OpenMode.READ_SNAPSHOT);
        Buffers buffers = new Buffers(Arena::ofConfined, MemoryBudget.UNLIMITED);
        Arena arena = Arena.ofConfined()) {
      target = new Region.HostRegion(arena.allocate(64 << 10));
      Checkpoints checkpoints = checkpoints(buffers);
      for (StoreMap.Part part : StoreMap.of(image)) {
        long bits = (long) (part.to() - part.from()) * Byte.SIZE;
        try (Flipper file = new Flipper(part.path())) {
          for (long i = Math.max(0, from - bit); i < Math.min(bits, to - bit); i++) {
            int at = part.from() + (int) (i / Byte.SIZE);
            file.flip(at, (int) (i % Byte.SIZE));
            look(store, checkpoints, part, at, i);
            file.heal(at);
            checked++;
          }
        }
        bit += bits;
      }
    }
    System.out.printf("bits flipped: %d of %d, %s%n", checked, bit, outcomes);
  }

  private void look(
      LogObjectStore store, Checkpoints checkpoints, StoreMap.Part part, int at, long number) {
    String key = part.key();
    if (part.path().getFileName().toString().startsWith("checkpoint")) {
      assertThat(intact(checkpoints)).as("%s, bit %d", part, number).isEqualTo(1);
      count("ignored");
    } else if (part.isChecked() && StoreFiles.objectId(part.path()) == 0) {
      count(readOne(key == null ? "file" : key, part, number));
    } else if (part.isChecked() || key != null) {
      count(readsTarget(store, key == null ? "file" : key) ? "right" : "damaged");
    } else if (number % (BODY_STEP * Byte.SIZE) == 0) {
      count(readAll(OpenMode.READ_SNAPSHOT, part + ", bit " + number)); // nobody else reads it
    }
  }

  /** Opens the store, asks for all and reads one. */
  private String readOne(String key, StoreMap.Part part, long number) {
    LogObjectStore store;
    try {
      store = open(OpenMode.READ_SNAPSHOT);
    } catch (CorruptionException e) {
      return "refused";
    }
    for (ObjectStat stat : store.list("", "", Integer.MAX_VALUE)) {
      assertThat(expected).as("%s, bit %d", part, number).containsKey(stat.key());
    }
    assertThat(store.statistics().keys()).isEqualTo(expected.size());
    boolean right = readsTarget(store, key);
    store.abandon();
    return right ? "right" : "damaged";
  }

  private boolean readsTarget(LogObjectStore store, String key) {
    try {
      long byteSize = store.get(key, target).orElseThrow().byteSize();
      long version = ObjectFixture.version(key, target.segment().asSlice(0, byteSize));
      assertThat(version).as(key).isEqualTo(expected.get(key));
      return true;
    } catch (CorruptionException e) {
      return false;
    }
  }

  private void makeLargeStore() {
    settings = TestSettings.small().segments(128 << 10, 20_000).build();
    SplittableRandom random = new SplittableRandom(SEED);
    try (LogObjectStore store = open(OpenMode.WRITE)) {
      for (int i = 0; i < 60; i++) {
        ObjectBatch batch = new ObjectBatch();
        for (int j = 0; j < 3; j++) {
          String key = "key-" + i + "-" + j;
          int byteSize = 8 + random.nextInt(9000);
          batch.put(key, ObjectFixture.value(key, i + 1, byteSize), SYNCED);
          expected.put(key, i + 1L);
        }
        store.apply(batch);
      }
      put(store, "file", 2, 50_000);
    }
    try (LogObjectStore store = open(OpenMode.WRITE)) {
      put(store, "last", 3, 100); // for the other checkpoint
    }
    image = ObjectFixture.files(disk);
  }
}
