package io.kvbm.backend.disk.object;

import io.kvbm.api.CorruptionException;
import io.kvbm.api.KvbmException;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.disk.Disk;
import io.kvbm.api.metrics.MetricsSink;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.storage.Region;
import io.kvbm.api.store.BlockRead;
import io.kvbm.api.store.BlockStore;
import io.kvbm.api.store.BlockStoreFactory;
import io.kvbm.api.store.BlockWrite;
import io.kvbm.api.store.Durability;
import io.kvbm.api.store.Log;
import io.kvbm.api.store.MaintainedStore.Progress;
import io.kvbm.api.store.ObjectStore;
import io.kvbm.api.store.ObjectWriter;
import io.kvbm.api.store.OpenMode;
import io.kvbm.api.store.PutOptions;
import io.kvbm.backend.disk.DiskBackendProvider;
import io.kvbm.backend.disk.FileDisk;
import io.kvbm.backend.disk.io.EngineSettings;
import io.kvbm.backend.disk.io.EngineType;
import io.kvbm.backend.disk.io.IoEngine;
import io.kvbm.backend.disk.io.IoEngines;
import io.kvbm.testkit.BytePatterns;
import io.kvbm.testkit.RecordingCompletion;
import io.kvbm.testkit.TestContext;
import java.io.File;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A process that uses stores where there is little memory, or few files may be open, and looks at
 * every byte it reads. What it says, a line each: {@code A key version} for an acknowledged object,
 * {@code E code message} for a typed error, {@code D count} for how many files it has open.
 * Anything else that fails ends it with a trace and exit code 1.
 */
final class ScarceProcess {

  static final int FILES = 105;
  static final int RECORDS = 520;

  private static final int MIB = 1 << 20;
  private static final PutOptions WRITTEN = PutOptions.DEFAULT.withDurability(Durability.WRITTEN);

  private ScarceProcess() {}

  static StoreSettings settings(int maxOpenFiles) {
    return TestSettings.small().maxOpenFiles(maxOpenFiles).build();
  }

  public static void main(String[] arguments) throws Exception {
    Path directory = Path.of(arguments[1]);
    switch (arguments[0]) {
      case "memory" -> littleMemory(directory);
      case "count" -> count(directory);
      case "files" -> fewFiles(directory, Integer.parseInt(arguments[2]));
      default -> throw new AssertionError(arguments[0]);
    }
    System.out.flush();
    Runtime.getRuntime().halt(0);
  }

  private static void littleMemory(Path directory) {
    BackendConfig config =
        BackendConfig.of("dir", directory.toString()).with("logSegmentSize", "1MiB");
    try (TestContext context = new TestContext();
        Backend backend = new DiskBackendProvider().open(context, config);
        ObjectStore objects = backend.objectStores().getFirst().open("objects", OpenMode.WRITE);
        Log log = backend.logs().getFirst().open("log");
        BlockStore blocks =
            backend.blockStores().getFirst().open(new BlockStoreFactory.Spec(16, 256 << 10, 7))) {
      blocks.recover(_ -> {});
      for (int round = 0; round < 4; round++) {
        for (int i = 0; i < 8; i++) {
          putAndGet(objects, "small-" + i, MIB, round * 100 + i);
        }
        for (int i = 0; i < 2; i++) {
          putAndGet(objects, "large-" + i, 8 * MIB, round * 100 + i);
        }
        writeAndRead(blocks, round);
        append(log, round);
      }
      stream(objects, "stream", 64, 7);
      stream(objects, "stream", 64, 8);
      log.replay(
          1,
          (sequence, record) -> {
            BytePatterns.verify(record, sequence, "record " + sequence);
            return true;
          });
      System.out.println("heap of " + (Runtime.getRuntime().maxMemory() >> 20) + " MiB");
    }
  }

  private static void putAndGet(ObjectStore objects, String key, int byteSize, long seed) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment value = BytePatterns.allocate(arena, byteSize, seed);
      objects.put(key, value, WRITTEN);
      value.fill((byte) 0);
      require(objects.get(key, new Region.HostRegion(value)).isPresent(), key);
      BytePatterns.verify(value, seed, key);
    }
    byte[] onHeap = objects.getBytes(key).orElseThrow();
    BytePatterns.verify(MemorySegment.ofArray(onHeap), seed, key + " on the heap");
  }

  private static void stream(ObjectStore objects, String key, int pieces, long seed) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment piece = arena.allocate(MIB, Long.BYTES);
      try (ObjectWriter writer = objects.writer(key, WRITTEN)) {
        for (int i = 0; i < pieces; i++) {
          BytePatterns.fill(piece, seed * 1000 + i);
          writer.write(piece);
        }
        writer.commit();
      }
      for (int i = 0; i < pieces; i++) {
        long offset = (long) i * MIB;
        require(objects.getRange(key, offset, new Region.HostRegion(piece)).isPresent(), key);
        BytePatterns.verify(piece, seed * 1000 + i, key + " at " + offset);
      }
    }
  }

  private static void writeAndRead(BlockStore blocks, int round) {
    try (Arena arena = Arena.ofShared()) {
      for (int slot = 0; slot < 16; slot++) {
        MemorySegment bytes = arena.allocate(256 << 10, 4096);
        long seed = round * 16L + slot;
        BytePatterns.fill(bytes, seed);
        BlockKey key = BlockKey.derived(seed + 1);
        List<Region> regions = List.of(new Region.HostRegion(bytes));
        RecordingCompletion written = new RecordingCompletion(1, Duration.ofSeconds(60));
        blocks.write(List.of(new BlockWrite(slot, key, null, round + 1, 0, regions)), written);
        require(written.await().getFirst().isDone(), "block written");
        bytes.fill((byte) 0);
        RecordingCompletion read = new RecordingCompletion(1, Duration.ofSeconds(60));
        blocks.read(List.of(new BlockRead(slot, key, round + 1, regions)), read);
        require(read.await().getFirst().isDone(), "block read");
        BytePatterns.verify(bytes, seed, "slot " + slot);
      }
    }
  }

  private static void append(Log log, int round) {
    for (int i = 0; i < 20; i++) {
      long sequence = log.nextSequence();
      MemorySegment record = BytePatterns.heap(100_000 + round, sequence);
      log.append(record, Durability.WRITTEN).toCompletableFuture().join();
    }
  }

  private static void require(boolean condition, String what) {
    if (!condition) {
      throw new AssertionError(what);
    }
  }

  /** Says how many files such a process has open before it opens a store. */
  private static void count(Path directory) throws IOException {
    warmUp(directory);
    try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
      System.out.println("D " + open.count());
    }
  }

  /**
   * Loads what is loaded late: a class file cannot be opened where no file can, which is not what
   * this is about.
   */
  private static void warmUp(Path directory) throws IOException {
    ClassLoader loader = ScarceProcess.class.getClassLoader();
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
      Path root = Path.of(entry);
      if (Files.isDirectory(root)) {
        try (Stream<Path> files = Files.walk(root)) {
          files
              .map(file -> root.relativize(file).toString())
              .filter(name -> name.startsWith("io/kvbm/") && name.endsWith(".class"))
              .map(name -> name.substring(0, name.length() - ".class".length()).replace('/', '.'))
              .filter(name -> !name.endsWith("-info"))
              .forEach(name -> load(loader, name));
        }
      }
    }
    require(loader.getResource("no/such/resource") == null, "not there"); // opens every archive
    use(directory.resolve("warm"), 8, 3, 3);
  }

  private static void load(ClassLoader loader, String name) {
    try {
      Class.forName(name, false, loader);
    } catch (ClassNotFoundException e) {
      throw new AssertionError(e);
    }
  }

  private static void fewFiles(Path directory, int maxOpenFiles) throws IOException {
    warmUp(directory);
    use(directory.resolve("store"), maxOpenFiles, FILES, RECORDS);
  }

  private static void use(Path place, int maxOpenFiles, int files, int records) throws IOException {
    boolean speaks = files == FILES;
    Map<String, Long> acknowledged = new HashMap<>();
    try (FileDisk disk = new FileDisk()) {
      disk.createDirectories(place);
      try (IoEngine engine =
          IoEngines.choose(disk, place, EngineType.AUTO)
              .open(new EngineSettings(EngineType.AUTO, 8, 1, 1), MetricsSink.NULL)) {
        attempt(() -> live(disk, engine, place, maxOpenFiles, files, records, acknowledged));
      }
    }
    if (speaks) {
      acknowledged.forEach((key, version) -> System.out.println("A " + key + " " + version));
    }
  }

  private static void live(
      Disk disk,
      IoEngine engine,
      Path place,
      int maxOpenFiles,
      int files,
      int records,
      Map<String, Long> acknowledged) {
    try (LogObjectStore store =
        ObjectFixture.open(disk, engine, place, OpenMode.WRITE, settings(maxOpenFiles))) {
      for (int round = 1; round <= 2; round++) {
        for (int i = 0; i < Math.max(files, records); i += round * round) {
          if (i < files) {
            put(store, "file-" + i, round, 9000, acknowledged);
          }
          if (i < records) {
            put(store, "log-" + i, round, 6000, acknowledged);
          }
        }
        if (round == 1 && files == FILES) {
          System.out.printf(
              "S %d %d%n",
              disk.list(place.resolve("segments")).size(),
              disk.list(place.resolve("objects")).size());
        }
        getAll(store, acknowledged);
      }
      attempt(() -> store.compact(Progress.NONE));
      getAll(store, acknowledged);
      attempt(store::flush);
    }
  }

  private static void put(
      ObjectStore store, String key, long version, int byteSize, Map<String, Long> acknowledged) {
    attempt(
        () -> {
          store.put(key, ObjectFixture.value(key, version, byteSize), WRITTEN);
          acknowledged.put(key, version);
        });
  }

  private static void getAll(ObjectStore store, Map<String, Long> acknowledged) {
    acknowledged.forEach(
        (key, version) ->
            attempt(
                () -> {
                  long found = ObjectFixture.version(store, key);
                  require(found >= version, key + ": " + found + " instead of " + version);
                }));
  }

  /** Does what may fail with a typed error, which is said. */
  private static void attempt(Runnable operation) {
    try {
      operation.run();
    } catch (CorruptionException e) {
      throw new AssertionError("no disk was damaged", e);
    } catch (KvbmException e) {
      System.out.println("E " + e.code() + " " + e.getMessage());
    }
  }
}
