package io.kvbm.backend.disk;

import io.kvbm.api.Stability;
import io.kvbm.api.codec.Codec;
import io.kvbm.api.disk.Disk;
import io.kvbm.api.metrics.MetricsSink;
import io.kvbm.api.spi.BackendContext;
import io.kvbm.api.spi.Clock;
import io.kvbm.api.spi.MemoryBudget;
import io.kvbm.api.storage.Region;
import io.kvbm.api.store.CompactionReport;
import io.kvbm.api.store.Durability;
import io.kvbm.api.store.MaintainedStore;
import io.kvbm.api.store.MappedObject;
import io.kvbm.api.store.ObjectBatch;
import io.kvbm.api.store.ObjectStat;
import io.kvbm.api.store.ObjectWriter;
import io.kvbm.api.store.OpenMode;
import io.kvbm.api.store.PutOptions;
import io.kvbm.api.store.StoreStatistics;
import io.kvbm.api.store.VerifyReport;
import io.kvbm.backend.disk.io.EngineSettings;
import io.kvbm.backend.disk.io.EngineType;
import io.kvbm.backend.disk.io.IoEngine;
import io.kvbm.backend.disk.io.IoEngines;
import io.kvbm.backend.disk.object.Codecs;
import io.kvbm.backend.disk.object.LogObjectStore;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Objects on a local disk, for instance an NVMe drive: durable, checked on every read, found again
 * after a crash.
 *
 * <p>
 *
 * {@snippet :
 * StorageConfig config = StorageConfig.defaults().withDirectIo(true).withIoDepth(32);
 * try (NvmeStore store = NvmeStore.open(Path.of("/mnt/nvme0/store"), config)) {
 *   store.writeAligned("key", data);
 *   Optional<byte[]> read = store.readDirect("key");
 * }
 * }
 *
 * <p>One process writes a directory at a time; others may read a snapshot of it. Threading: safe
 * from any thread.
 */
@Stability(Stability.Level.PREVIEW)
public final class NvmeStore implements MaintainedStore {

  private static final PutOptions SYNCED = PutOptions.DEFAULT.withDurability(Durability.SYNCED);

  private final LogObjectStore store;
  private final IoEngine engine;
  private final List<AutoCloseable> owned;
  private final ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor();
  private volatile boolean closed;

  private NvmeStore(LogObjectStore store, IoEngine engine, List<AutoCloseable> owned) {
    this.store = store;
    this.engine = engine;
    this.owned = owned;
  }

  /**
   * Opens a store for writing.
   *
   * @param directory of the store, made if it is not there
   * @param config how it works
   * @return the store; the caller closes it
   * @throws io.kvbm.api.TransientException with {@link io.kvbm.api.ErrorCode#LOCKED} if another
   *     writer has it open, naming the process
   * @throws io.kvbm.api.CorruptionException if its log is damaged; nothing was changed
   */
  public static NvmeStore open(Path directory, StorageConfig config) {
    return open(directory, config, OpenMode.WRITE);
  }

  /**
   * Opens a store.
   *
   * @param directory of the store
   * @param config how it works
   * @param mode to write, or to read what is there now for as long as it is open
   * @return the store; the caller closes it
   */
  public static NvmeStore open(Path directory, StorageConfig config, OpenMode mode) {
    FileDisk disk = new FileDisk();
    Path absolute = directory.toAbsolutePath();
    if (mode == OpenMode.WRITE) {
      disk.createDirectories(absolute);
    }
    EngineType type = config.directIo() ? EngineType.AUTO : EngineType.BUFFERED;
    IoEngine engine =
        IoEngines.choose(disk, absolute, type)
            .open(new EngineSettings(type, config.ioDepth(), 1, 1), MetricsSink.NULL);
    List<Codec> codecs = new ArrayList<>();
    ServiceLoader.load(Codec.class).forEach(codecs::add);
    try {
      LogObjectStore store =
          LogObjectStore.open(
              disk,
              engine,
              absolute,
              mode,
              config.toSettings(),
              new Codecs(codecs),
              Clock.SYSTEM,
              MemoryBudget.UNLIMITED,
              MetricsSink.NULL);
      return new NvmeStore(store, engine, List.of(engine, disk));
    } catch (RuntimeException | Error e) {
      engine.close();
      throw e;
    }
  }

  /** Opens a store of a backend. */
  static NvmeStore open(
      Disk disk,
      IoEngine engine,
      Path directory,
      OpenMode mode,
      StorageConfig config,
      BackendContext context) {
    try {
      LogObjectStore store =
          LogObjectStore.open(
              disk,
              engine,
              directory,
              mode,
              config.toSettings(),
              new Codecs(context.codecs()),
              context.clock(),
              context.memoryBudget(),
              context.metrics());
      return new NvmeStore(store, engine, List.of(engine));
    } catch (RuntimeException | Error e) {
      engine.close();
      throw e;
    }
  }

  /** {@return the directory} */
  public Path directory() {
    return store.directory();
  }

  /** {@return which engine reads and writes, and whether past the page cache} */
  public String engine() {
    return engine.name() + ", " + store.access();
  }

  /**
   * Puts an object durably: {@link Durability#SYNCED}.
   *
   * @param key the object's key
   * @param data its bytes
   * @return what the store now knows of it
   */
  public ObjectStat writeAligned(String key, MemorySegment data) {
    return put(key, data, SYNCED);
  }

  /**
   * Puts an object durably: {@link Durability#SYNCED}.
   *
   * @param key the object's key
   * @param data its bytes
   * @return what the store now knows of it
   */
  public ObjectStat writeAligned(String key, byte[] data) {
    return writeAligned(key, MemorySegment.ofArray(data));
  }

  /**
   * Like {@link #writeAligned(String, MemorySegment)}, without waiting.
   *
   * @param key the object's key
   * @param data its bytes; they must not change before the stage completes
   * @return completes when the object is durable
   */
  public CompletionStage<ObjectStat> writeAlignedAsync(String key, MemorySegment data) {
    return CompletableFuture.supplyAsync(() -> writeAligned(key, data), callers);
  }

  /**
   * {@return an object's bytes, checked; empty if there is none}
   *
   * @param key the object's key
   */
  public Optional<byte[]> readDirect(String key) {
    return getBytes(key);
  }

  /**
   * Reads an object into memory.
   *
   * @param key the object's key
   * @param target at least as long as the object
   * @return what was read; empty if there is no such object
   */
  public Optional<ObjectStat> readDirect(String key, MemorySegment target) {
    return get(key, new Region.HostRegion(target));
  }

  /**
   * Like {@link #readDirect(String)}, without waiting.
   *
   * @param key the object's key
   * @return completes with the bytes
   */
  public CompletionStage<Optional<byte[]>> readDirectAsync(String key) {
    return CompletableFuture.supplyAsync(() -> readDirect(key), callers);
  }

  /**
   * Puts objects together, durably, all or none.
   *
   * @param objects bytes by key
   */
  public void writeAll(Map<String, MemorySegment> objects) {
    ObjectBatch batch = new ObjectBatch();
    objects.forEach((key, data) -> batch.put(key, data, SYNCED));
    apply(batch);
  }

  /**
   * Like {@link #writeAll}, without waiting.
   *
   * @param objects bytes by key; they must not change before the stage completes
   * @return completes when the objects are durable
   */
  public CompletionStage<Void> writeAllAsync(Map<String, MemorySegment> objects) {
    return CompletableFuture.runAsync(() -> writeAll(objects), callers);
  }

  /**
   * Reads objects at the same time.
   *
   * @param keys their keys
   * @return bytes by key, in the order of the keys; what is absent is left out
   */
  public Map<String, byte[]> readAll(Collection<String> keys) {
    Map<String, CompletableFuture<Optional<byte[]>>> started = new LinkedHashMap<>();
    for (String key : keys) {
      started.put(key, readDirectAsync(key).toCompletableFuture());
    }
    Map<String, byte[]> read = new LinkedHashMap<>();
    started.forEach((key, bytes) -> result(bytes).ifPresent(found -> read.put(key, found)));
    return read;
  }

  private static <T> T result(CompletableFuture<T> future) {
    try {
      return future.join();
    } catch (java.util.concurrent.CompletionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw e;
    }
  }

  /**
   * Like {@link #readAll}, without waiting.
   *
   * @param keys their keys
   * @return completes with bytes by key
   */
  public CompletionStage<Map<String, byte[]>> readAllAsync(Collection<String> keys) {
    return CompletableFuture.supplyAsync(() -> readAll(keys), callers);
  }

  @Override
  public StoreStatistics statistics() {
    return new StoreMaintenance(store, engine()).statistics();
  }

  @Override
  public VerifyReport verify(Progress progress) {
    return new StoreMaintenance(store, engine()).verify(progress);
  }

  @Override
  public CompactionReport compact(Progress progress) {
    return new StoreMaintenance(store, engine()).compact(progress);
  }

  @Override
  public Set<Capability> capabilities() {
    return store.capabilities();
  }

  @Override
  public OpenMode openMode() {
    return store.openMode();
  }

  @Override
  public ObjectStat put(String key, MemorySegment value, PutOptions options) {
    return store.put(key, value, options);
  }

  @Override
  public ObjectWriter writer(String key, PutOptions options) {
    return store.writer(key, options);
  }

  @Override
  public Optional<ObjectStat> get(String key, Region.HostRegion target) {
    return store.get(key, target);
  }

  @Override
  public Optional<Long> getRange(String key, long offset, Region.HostRegion target) {
    return store.getRange(key, offset, target);
  }

  @Override
  public Optional<ObjectStat> stat(String key) {
    return store.stat(key);
  }

  @Override
  public List<ObjectStat> list(String prefix, String after, int limit) {
    return store.list(prefix, after, limit);
  }

  @Override
  public boolean delete(String key, Durability durability) {
    return store.delete(key, durability);
  }

  @Override
  public void apply(ObjectBatch batch) {
    store.apply(batch);
  }

  @Override
  public Optional<MappedObject> map(String key) {
    return store.map(key);
  }

  @Override
  public void flush() {
    store.flush();
  }

  boolean isClosed() {
    return closed;
  }

  @Override
  public void close() {
    closed = true;
    callers.shutdown();
    try {
      store.close();
    } finally {
      for (AutoCloseable part : owned) {
        closePart(part);
      }
    }
  }

  private static void closePart(AutoCloseable part) {
    try {
      part.close();
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new AssertionError("neither a disk nor an engine throws this", e);
    }
  }
}
