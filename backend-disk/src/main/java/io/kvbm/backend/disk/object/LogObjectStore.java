package io.kvbm.backend.disk.object;

import io.kvbm.api.CallerException;
import io.kvbm.api.CapacityException;
import io.kvbm.api.CorruptionException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.codec.Codec;
import io.kvbm.api.disk.Disk;
import io.kvbm.api.metrics.MetricsSink;
import io.kvbm.api.spi.Clock;
import io.kvbm.api.spi.Gate;
import io.kvbm.api.spi.MemoryBudget;
import io.kvbm.api.storage.Region;
import io.kvbm.api.store.Durability;
import io.kvbm.api.store.MaintainedStore.Progress;
import io.kvbm.api.store.MappedObject;
import io.kvbm.api.store.ObjectBatch;
import io.kvbm.api.store.ObjectKeys;
import io.kvbm.api.store.ObjectStat;
import io.kvbm.api.store.ObjectStore;
import io.kvbm.api.store.ObjectWriter;
import io.kvbm.api.store.OpenMode;
import io.kvbm.api.store.PutOptions;
import io.kvbm.backend.disk.io.IoEngine;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Objects in a log on disk: what is written is where it stays, so that a durable put costs one
 * write and a share of one sync. The index of keys is in memory. Threading: safe from any thread.
 */
public final class LogObjectStore implements ObjectStore {

  private static final double WORTH = 0.97;

  private static final long VERIFY_STEP = 4L << 20;

  private final StoreFiles files;
  private final StoreSettings settings;
  private final OpenMode mode;
  private final Codecs codecs;
  private final Buffers buffers;
  private final Index index = new Index();
  private final StoreCounters counters;
  private final StoreClock clock;
  private final Gate gate;
  private final Disk.DiskLock lock;
  private final BodyReader reader;
  private final ValueCache cache;
  private final ExecutorService ahead;
  private final ReadAhead readAhead;
  private final ObjectFiles objects;
  private final MappedObjects maps;
  private final AtomicLong inFlight = new AtomicLong();
  private final @Nullable CommitLog log;
  private final @Nullable Compactor compactor;
  private final @Nullable Checkpointing checkpointing;

  /**
   * Opens a store.
   *
   * @param disk where its files are; stays the caller's
   * @param engine what reads and writes them; stays the caller's
   * @param directory of the store, made if it is not there
   * @param mode writer or snapshot
   * @param settings how it works
   * @param codecs those at hand
   * @param clock tells when objects expire
   * @param budget for buffers, cache and copies
   * @param metrics told what is counted
   * @return the open store; the caller closes it
   * @throws CorruptionException if the log is damaged; nothing was changed
   */
  public static LogObjectStore open(
      Disk disk,
      IoEngine engine,
      Path directory,
      OpenMode mode,
      StoreSettings settings,
      Codecs codecs,
      Clock clock,
      MemoryBudget budget,
      MetricsSink metrics) {
    StoreFiles files = new StoreFiles(disk, directory, settings);
    Disk.DiskLock lock = mode == OpenMode.WRITE ? Opening.lock(files) : Opening.lease(files);
    Buffers buffers = new Buffers(engine::newArena, budget);
    try {
      return new LogObjectStore(
          files, engine, mode, settings, codecs, clock, buffers, budget, metrics, lock);
    } catch (RuntimeException | Error e) {
      closeAfter(e, files);
      closeAfter(e, buffers);
      closeAfter(e, lock);
      throw e;
    }
  }

  private static void closeAfter(Throwable failure, AutoCloseable part) {
    try {
      part.close();
    } catch (Exception e) {
      failure.addSuppressed(e);
    }
  }

  private LogObjectStore(
      StoreFiles files,
      IoEngine engine,
      OpenMode mode,
      StoreSettings settings,
      Codecs codecs,
      Clock clock,
      Buffers buffers,
      MemoryBudget budget,
      MetricsSink metrics,
      Disk.DiskLock lock) {
    this.files = files;
    this.settings = settings;
    this.mode = mode;
    this.codecs = codecs;
    this.clock = new StoreClock(clock);
    this.buffers = buffers;
    this.counters = new StoreCounters(metrics);
    this.cache = new ValueCache(settings.cacheByteSize(), budget, counters);
    this.ahead = Executors.newVirtualThreadPerTaskExecutor();
    this.lock = lock;
    this.gate = new Gate("object store " + files.directory());
    boolean writes = mode == OpenMode.WRITE;
    Opening opening = new Opening(files, settings, buffers, index, counters, writes);
    this.objects =
        new ObjectFiles(
            files,
            engine,
            buffers,
            counters,
            opening.store(),
            opening.nextObjectId(),
            settings.fileByteSize());
    this.reader =
        new BodyReader(
            files, engine, buffers, objects, codecs, settings.without(), opening.store(), counters);
    this.maps = new MappedObjects(files, reader, budget, this::read, counters);
    this.readAhead = new ReadAhead(reader, buffers, settings.prefetchByteSize(), ahead, counters);
    if (!writes) {
      this.log = null;
      this.compactor = null;
      this.checkpointing = null;
      return;
    }
    Leases leases = new Leases(files);
    Reserve reserve = new Reserve(files, Reserve.SEGMENTS * settings.segmentByteSize());
    CommitLog started =
        opening.start(
            engine,
            this.clock,
            leases,
            reserve,
            (key, former, bySequence) -> superseded(former, bySequence));
    this.log = started;
    this.checkpointing =
        new Checkpointing(opening.checkpoints(), index, started, settings.checkpointByteSize());
    this.compactor =
        new Compactor(
            files,
            settings,
            index,
            started,
            reader,
            buffers,
            opening.superblocks(),
            opening.superblock(),
            leases,
            counters,
            this.clock,
            reserve);
  }

  private void superseded(Location former, long bySequence) {
    cache.drop(former.version());
    if (compactor != null) {
      compactor.superseded(former, bySequence);
    }
  }

  @Override
  public Set<Capability> capabilities() {
    return EnumSet.allOf(Capability.class);
  }

  @Override
  public OpenMode openMode() {
    return mode;
  }

  /** {@return the directory} */
  public Path directory() {
    return files.directory();
  }

  /** {@return how files are reached: {@code direct}, or {@code buffered} and why} */
  public String access() {
    return files.access();
  }

  @Override
  public ObjectStat put(String key, MemorySegment value, PutOptions options) {
    return inside(
        () -> {
          CommitLog target = requireWritable();
          ObjectKeys.check(key);
          requireValueSize(key, value.byteSize());
          ObjectStat stat;
          if (value.byteSize() >= settings.fileByteSize()) {
            try (ObjectFiles.Writer file = objects.make(key)) {
              file.reserve(value.byteSize());
              file.write(value);
              stat = publishFile(target, file, options);
            }
          } else {
            stat = putInLog(target, key, value, options);
          }
          counters.puts.increment();
          counters.putBytes.add(value.byteSize());
          return stat;
        });
  }

  private ObjectStat putInLog(
      CommitLog target, String key, MemorySegment value, PutOptions options) {
    try (InFlight taken = takeInFlight(value.byteSize());
        Encoded encoded = encode(value)) {
      taken.use();
      Operation operation = operation(key, encoded, value.byteSize(), options);
      return commit(target, List.of(operation), options.durability()).getFirst().orElseThrow();
    }
  }

  private Operation operation(String key, Encoded encoded, long rawByteSize, PutOptions options) {
    MemorySegment body = encoded.bytes();
    int[] chunks = EntryHeader.chunksOf(body);
    EntryHeader header =
        new EntryHeader(
            EntryHeader.PUT,
            key,
            0,
            rawByteSize,
            body.byteSize(),
            expiry(options.timeToLive()),
            encoded.codec(),
            0,
            chunks.length == 0 ? Format.crc(body) : 0,
            false,
            chunks);
    return new Operation(header, body, options.condition(), options.version(), null);
  }

  private long expiry(@Nullable Duration timeToLive) {
    if (timeToLive == null) {
      return EntryHeader.NEVER;
    }
    long now = clock.nowMillis();
    try {
      return Math.addExact(now, Math.max(1, timeToLive.plusNanos(999_999).toMillis()));
    } catch (ArithmeticException e) {
      return EntryHeader.NEVER; // for longer than time is counted
    }
  }

  private List<Optional<ObjectStat>> commit(
      CommitLog target, List<Operation> operations, Durability durability) {
    Commit commit = new Commit(operations);
    if (commit.byteSize() + RecordHeader.BYTE_SIZE > settings.recordByteSize()) {
      throw new CapacityException(
          ErrorCode.ALLOCATION_FAILED,
          "a batch of %d bytes does not fit a record of at most %d bytes; split it"
              .formatted(commit.byteSize(), settings.recordByteSize()),
          commit.byteSize(),
          settings.recordByteSize());
    }
    target.write(commit);
    if (durability == Durability.SYNCED) {
      target.sync(commit.sequence());
    }
    keepBound();
    return commit.results();
  }

  /** What was put is put, whatever becomes of the room behind it; the next change tries again. */
  private void keepBound() {
    try {
      if (compactor != null) {
        compactor.keepBound();
      }
    } catch (KvbmException e) {
      counters.compactionFailures.increment();
    }
    if (checkpointing != null) {
      checkpointing.writeIfDue();
    }
  }

  /**
   * Makes changes that name files; those files stay unless the log certainly does not name them.
   */
  private List<Optional<ObjectStat>> commitFiles(
      CommitLog target,
      List<Operation> operations,
      List<ObjectFiles.Writer> named,
      Durability durability) {
    boolean refused = false;
    try {
      return commit(target, operations, durability);
    } catch (CallerException | CapacityException e) {
      refused = true;
      throw e;
    } finally {
      if (!refused) {
        named.forEach(ObjectFiles.Writer::keep);
      }
    }
  }

  ObjectFiles.Writer makeFile(String key) {
    return inside(() -> objects.make(key));
  }

  /** Publishes what a writer put into a file. */
  ObjectStat publish(ObjectFiles.Writer file, PutOptions options) {
    return inside(
        () -> {
          ObjectStat stat = publishFile(requireWritable(), file, options);
          counters.puts.increment();
          counters.putBytes.add(stat.byteSize());
          return stat;
        });
  }

  private ObjectStat publishFile(CommitLog target, ObjectFiles.Writer file, PutOptions options) {
    EntryHeader header = file.finish(expiry(options.timeToLive()));
    Operation operation = new Operation(header, null, options.condition(), options.version(), null);
    return commitFiles(target, List.of(operation), List.of(file), options.durability())
        .getFirst()
        .orElseThrow();
  }

  @Override
  public ObjectWriter writer(String key, PutOptions options) {
    return inside(
        () -> {
          requireWritable();
          ObjectKeys.check(key);
          return new StagedWriter(this, key, options, buffers, settings);
        });
  }

  @Override
  public Optional<ObjectStat> get(String key, Region.HostRegion target) {
    return inside(
        () -> {
          ObjectKeys.check(key);
          while (true) {
            Location at = live(key);
            if (at == null) {
              return Optional.empty();
            }
            if (at.rawByteSize() > target.byteSize()) {
              throw new CallerException(
                  ErrorCode.OUT_OF_BOUNDS,
                  "object '%s' has %d bytes, the target %d"
                      .formatted(key, at.rawByteSize(), target.byteSize()));
            }
            if (read(key, at, 0, target.segment().asSlice(0, at.rawByteSize()))) {
              return Optional.of(stat(key, at));
            }
          }
        });
  }

  @Override
  public Optional<Long> getRange(String key, long offset, Region.HostRegion target) {
    return inside(
        () -> {
          ObjectKeys.check(key);
          while (true) {
            Location at = live(key);
            if (at == null) {
              return Optional.empty();
            }
            if (offset < 0 || offset > at.rawByteSize()) {
              throw new CallerException(
                  ErrorCode.OUT_OF_BOUNDS,
                  "byte %d lies behind object '%s' of %d bytes"
                      .formatted(offset, key, at.rawByteSize()));
            }
            long count = Math.min(target.byteSize(), at.rawByteSize() - offset);
            if (read(key, at, offset, target.segment().asSlice(0, count))) {
              return Optional.of(count);
            }
          }
        });
  }

  /** Reads, or says that the value is somewhere else by now. */
  private boolean read(String key, Location at, long offset, MemorySegment target) {
    if (!cache.tryRead(at.version(), offset, target) && !readStored(key, at, offset, target)) {
      requireMoved(key, at);
      return false;
    }
    counters.gets.increment();
    counters.gotBytes.add(target.byteSize());
    return true;
  }

  private boolean readStored(String key, Location at, long offset, MemorySegment target) {
    boolean whole = target.byteSize() == at.rawByteSize();
    boolean follow = readAhead.isOn() && !whole;
    if (!(follow && readAhead.tryRead(at, offset, target))
        && !reader.read(key, at, offset, target)) {
      return false;
    }
    if (follow) {
      readAhead.note(key, at, offset, target.byteSize());
    } else if (whole) {
      cache.keep(at.version(), target);
    }
    return true;
  }

  private @Nullable Location live(String key) {
    Location at = index.get(key);
    return at == null || at.isExpired(clock.nowMillis()) ? null : at;
  }

  private static ObjectStat stat(String key, Location at) {
    return new ObjectStat(key, at.rawByteSize(), at.version());
  }

  @Override
  public Optional<ObjectStat> stat(String key) {
    return inside(
        () -> {
          ObjectKeys.check(key);
          return Optional.ofNullable(live(key)).map(at -> stat(key, at));
        });
  }

  @Override
  public List<ObjectStat> list(String prefix, String after, int limit) {
    return inside(
        () -> {
          if (limit < 1) {
            throw new CallerException(
                ErrorCode.INVALID_ARGUMENT, "limit must be above 0, got " + limit);
          }
          CommitLog writer = log;
          long stamp = writer == null ? 0 : writer.visibility().readLock();
          try {
            return listNow(prefix, after, limit);
          } finally {
            if (writer != null) {
              writer.visibility().unlockRead(stamp);
            }
          }
        });
  }

  private List<ObjectStat> listNow(String prefix, String after, int limit) {
    List<ObjectStat> found = new ArrayList<>();
    boolean fromPrefix = prefix.compareTo(after) > 0;
    long now = clock.nowMillis();
    for (Map.Entry<String, Location> entry :
        index.places().tailMap(fromPrefix ? prefix : after, fromPrefix).entrySet()) {
      if (found.size() == limit || !entry.getKey().startsWith(prefix)) {
        break;
      }
      if (!entry.getValue().isExpired(now)) {
        found.add(stat(entry.getKey(), entry.getValue()));
      }
    }
    return found;
  }

  @Override
  public boolean delete(String key, Durability durability) {
    return inside(
        () -> {
          CommitLog target = requireWritable();
          ObjectKeys.check(key);
          counters.deletes.increment();
          return commit(target, List.of(Operation.delete(key)), durability).getFirst().isPresent();
        });
  }

  @Override
  public void apply(ObjectBatch batch) {
    inside(
        () -> {
          CommitLog target = requireWritable();
          List<ObjectBatch.Step> steps = batch.steps();
          long byteSize = 0;
          for (ObjectBatch.Step step : steps) {
            ObjectKeys.check(step.key());
            if (step instanceof ObjectBatch.Step.Put put) {
              requireValueSize(step.key(), put.value().byteSize());
              byteSize += put.value().byteSize();
            }
          }
          if (!steps.isEmpty()) {
            applySteps(target, steps, byteSize > settings.recordByteSize() / 2, byteSize);
          }
          return true;
        });
  }

  private void applySteps(
      CommitLog target, List<ObjectBatch.Step> steps, boolean inFiles, long byteSize) {
    List<Encoded> encoded = new ArrayList<>();
    List<ObjectFiles.Writer> written = new ArrayList<>();
    try (InFlight taken = takeInFlight(byteSize)) {
      taken.use();
      Durability durability = Durability.NONE;
      List<Operation> operations = new ArrayList<>();
      for (ObjectBatch.Step step : steps) {
        switch (step) {
          case ObjectBatch.Step.Delete delete -> operations.add(Operation.delete(delete.key()));
          case ObjectBatch.Step.Put put -> {
            durability = strongest(durability, put.options().durability());
            operations.add(
                inFiles || put.value().byteSize() >= settings.fileByteSize()
                    ? fileOperation(put, written)
                    : logOperation(put, encoded));
          }
        }
      }
      commitFiles(target, operations, written, durability);
      counters.puts.add(steps.size());
      counters.putBytes.add(byteSize);
    } finally {
      encoded.forEach(Encoded::close);
      written.forEach(ObjectFiles.Writer::close);
    }
  }

  private Operation logOperation(ObjectBatch.Step.Put put, List<Encoded> encoded) {
    Encoded body = encode(put.value());
    encoded.add(body);
    return operation(put.key(), body, put.value().byteSize(), put.options());
  }

  private Operation fileOperation(ObjectBatch.Step.Put put, List<ObjectFiles.Writer> written) {
    ObjectFiles.Writer file = objects.make(put.key());
    written.add(file);
    file.write(put.value());
    EntryHeader header = file.finish(expiry(put.options().timeToLive()));
    return new Operation(header, null, put.options().condition(), put.options().version(), null);
  }

  private static Durability strongest(Durability one, Durability other) {
    return one.compareTo(other) >= 0 ? one : other;
  }

  @Override
  public Optional<MappedObject> map(String key) {
    return inside(
        () -> {
          ObjectKeys.check(key);
          while (true) {
            Location at = live(key);
            if (at == null) {
              return Optional.empty();
            }
            MappedObject shown = maps.show(key, at);
            if (shown != null) {
              return Optional.of(shown);
            }
          }
        });
  }

  /**
   * Reads every object from the disk, past the cache, and checks it. One that moves meanwhile is
   * checked by whoever moves it.
   *
   * @param progress hears how many bytes are done
   * @param damaged told each key that cannot be read, and why
   * @return how many objects were read
   */
  public long verify(Progress progress, BiConsumer<String, KvbmException> damaged) {
    return inside(
        () -> {
          long total = index.valueByteSize();
          long checked = 0;
          long done = 0;
          for (Map.Entry<String, Location> entry : index.places().entrySet()) {
            try {
              verifyOne(entry.getKey(), entry.getValue());
            } catch (CorruptionException e) {
              damaged.accept(entry.getKey(), e);
            }
            checked++;
            done += entry.getValue().rawByteSize();
            progress.at(done, Math.max(done, total));
          }
          return checked;
        });
  }

  private void verifyOne(String key, Location at) {
    // What is encoded is decoded as a whole.
    long step = Math.max(1, at.codec() == 0 ? VERIFY_STEP : at.rawByteSize());
    try (Buffers.Buffer buffer = buffers.borrow(Math.clamp(at.rawByteSize(), 1, step))) {
      for (long from = 0; from == 0 || from < at.rawByteSize(); from += step) {
        long count = Math.min(step, at.rawByteSize() - from);
        if (!reader.read(key, at, from, buffer.memory().asSlice(0, count))) {
          requireMoved(key, at);
          return;
        }
      }
    }
  }

  /** The file of a value is gone: because the value is somewhere else by now, or by damage. */
  private void requireMoved(String key, Location at) {
    if (at.equals(index.get(key))) {
      counters.corruptions.increment();
      throw Format.corrupt(
          "object '%s': its file is gone; put it again or delete it".formatted(key));
    }
  }

  /**
   * Goes through the whole log once and gives back what is not live.
   *
   * @param progress hears how many bytes of the log are done
   */
  public void compact(Progress progress) {
    inside(
        () -> {
          requireWritable();
          if (compactor != null) {
            compactor.compactAll(progress);
          }
          if (checkpointing != null) {
            checkpointing.write();
          }
          return true;
        });
  }

  /** {@return what was counted, and how large everything is now} */
  public StoreSnapshot statistics() {
    return inside(
        () -> {
          long segments =
              compactor == null ? files.segmentNumbers().size() : compactor.segmentCount();
          return counters.snapshot(
              index.count(),
              index.valueByteSize(),
              index.liveLogByteSize() + index.liveFileByteSize(),
              segments * settings.segmentByteSize(),
              segments,
              cache.usedByteSize());
        });
  }

  @Override
  public void flush() {
    inside(
        () -> {
          CommitLog target = log;
          if (target != null) {
            target.sync(target.writtenSequence());
          }
          return true;
        });
  }

  @Override
  public void close() {
    if (!gate.close()) {
      return;
    }
    List<AutoCloseable> parts = new ArrayList<>();
    parts.add(readAhead);
    parts.add(ahead);
    parts.add(cache);
    CommitLog writer = log;
    if (writer != null) {
      parts.add(() -> writer.sync(writer.writtenSequence())); // or says that it cannot
      if (checkpointing != null) {
        parts.add(checkpointing::write);
      }
      parts.add(writer);
    }
    parts.add(files);
    parts.add(buffers);
    parts.add(lock);
    KvbmException failure = null;
    for (AutoCloseable part : parts) {
      try {
        part.close();
      } catch (KvbmException e) {
        failure = failure == null ? e : failure;
      } catch (Exception e) {
        throw new AssertionError("closing does not throw this", e);
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  /** Frees memory only, as the death of the process does. */
  void abandon() {
    readAhead.close();
    ahead.close();
    cache.close();
    if (gate.close()) {
      buffers.close();
    }
  }

  private CommitLog requireWritable() {
    CommitLog target = log;
    if (target == null) {
      throw new CallerException(
          ErrorCode.UNSUPPORTED,
          "object store %s is open as a snapshot; open it for writing"
              .formatted(files.directory()));
    }
    return target;
  }

  private void requireValueSize(String key, long byteSize) {
    if (byteSize > settings.maxValueByteSize()) {
      throw new CapacityException(
          ErrorCode.ALLOCATION_FAILED,
          "object '%s' has %d bytes, limit maxValueByteSize is %d; raise it or split the object"
              .formatted(key, byteSize, settings.maxValueByteSize()),
          byteSize,
          settings.maxValueByteSize());
    }
  }

  private InFlight takeInFlight(long byteSize) {
    long now = inFlight.addAndGet(byteSize);
    if (now > settings.maxInFlightByteSize()) {
      inFlight.addAndGet(-byteSize);
      throw new CapacityException(
          ErrorCode.ALLOCATION_FAILED,
          "limit maxInFlightByteSize of %d bytes is reached: %d are being put, %d more asked for; put less at once or raise it"
              .formatted(settings.maxInFlightByteSize(), now - byteSize, byteSize),
          byteSize,
          settings.maxInFlightByteSize() - (now - byteSize));
    }
    return new InFlight(byteSize);
  }

  private final class InFlight implements AutoCloseable {
    private final long byteSize;

    InFlight(long byteSize) {
      this.byteSize = byteSize;
    }

    void use() {}

    @Override
    public void close() {
      inFlight.addAndGet(-byteSize);
    }
  }

  /** {@return the value as it will be stored} */
  private Encoded encode(MemorySegment value) {
    if (settings.codec() == 0 || value.byteSize() == 0) {
      return new Encoded(null, value, (byte) 0);
    }
    Codec codec = codecs.require(settings.codec());
    Buffers.Buffer buffer = buffers.borrow(codec.maxEncodedByteSize(value.byteSize()));
    try {
      long count = codec.encode(value, buffer.memory());
      if (count <= value.byteSize() * WORTH) {
        return new Encoded(buffer, buffer.memory().asSlice(0, count), (byte) settings.codec());
      }
    } catch (RuntimeException e) {
      buffer.close();
      throw e;
    }
    buffer.close();
    return new Encoded(null, value, (byte) 0);
  }

  private record Encoded(Buffers.@Nullable Buffer buffer, MemorySegment bytes, byte codec)
      implements AutoCloseable {
    @Override
    public void close() {
      if (buffer != null) {
        buffer.close();
      }
    }
  }

  private <T> T inside(Supplier<T> operation) {
    gate.enter();
    try {
      return operation.get();
    } finally {
      gate.leave();
    }
  }
}
