package io.kvbm.backend.system;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.spi.Clock;
import io.kvbm.api.spi.Gate;
import io.kvbm.api.storage.Region;
import io.kvbm.api.store.Durability;
import io.kvbm.api.store.MappedObject;
import io.kvbm.api.store.ObjectBatch;
import io.kvbm.api.store.ObjectKeys;
import io.kvbm.api.store.ObjectStat;
import io.kvbm.api.store.ObjectStore;
import io.kvbm.api.store.ObjectWriter;
import io.kvbm.api.store.OpenMode;
import io.kvbm.api.store.PutOptions;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Objects in host memory. They live as long as some store is open on their location, so nothing
 * here survives a power cut and {@link Durability#SYNCED} is refused.
 */
final class MemoryObjectStore implements ObjectStore {

  private static final Set<Capability> CAPABILITIES =
      Set.copyOf(
          EnumSet.of(
              Capability.CONDITIONAL_PUT,
              Capability.ATOMIC_BATCH,
              Capability.MAP,
              Capability.TIME_TO_LIVE));

  private final ObjectLocation location;
  private final OpenMode mode;
  private final ObjectTable table;
  private final StoreMemory memory;
  private final OpenStores open;
  private final Gate gate;

  MemoryObjectStore(
      ObjectLocation location, OpenMode mode, StoreMemory memory, Clock clock, OpenStores open) {
    this.location = location;
    this.mode = mode;
    this.memory = memory;
    this.open = open;
    this.gate = new Gate("object store '" + location.name() + "'");
    location.open(mode == OpenMode.WRITE);
    if (mode == OpenMode.WRITE) {
      table = location.table();
    } else {
      long openedNanos = clock.nanoTime();
      table = new ObjectTable(new FrozenClock(clock.instant(), openedNanos));
      location.table().copyTo(table);
    }
  }

  @Override
  public Set<Capability> capabilities() {
    return CAPABILITIES;
  }

  @Override
  public OpenMode openMode() {
    return mode;
  }

  @Override
  public ObjectStat put(String key, MemorySegment value, PutOptions options) {
    return inside(
        () -> {
          requireWritable(key, options.durability());
          ObjectTable.Change change = change(key, value, options);
          return applyOwned(List.of(change)).getFirst().orElseThrow();
        });
  }

  @Override
  public ObjectWriter writer(String key, PutOptions options) {
    return inside(
        () -> {
          requireWritable(key, options.durability());
          return new MemoryObjectWriter(this, key, options, memory);
        });
  }

  /**
   * Puts what a writer collected; the block is the store's from now on, or the writer's again if
   * this fails.
   */
  ObjectStat publish(ObjectTable.Change change) {
    return inside(() -> table.apply(List.of(change)).getFirst().orElseThrow());
  }

  @Override
  public Optional<ObjectStat> get(String key, Region.HostRegion target) {
    return read(
        key,
        value -> {
          MemorySegment bytes = value.bytes();
          if (bytes.byteSize() > target.byteSize()) {
            throw new CallerException(
                ErrorCode.OUT_OF_BOUNDS,
                "object '%s' has %d bytes, the target %d"
                    .formatted(key, bytes.byteSize(), target.byteSize()));
          }
          MemorySegment.copy(bytes, 0, target.segment(), 0, bytes.byteSize());
          return value.stat(key);
        });
  }

  @Override
  public Optional<Long> getRange(String key, long offset, Region.HostRegion target) {
    return read(
        key,
        value -> {
          MemorySegment bytes = value.bytes();
          if (offset < 0 || offset > bytes.byteSize()) {
            throw new CallerException(
                ErrorCode.OUT_OF_BOUNDS,
                "byte %d lies behind object '%s' of %d bytes"
                    .formatted(offset, key, bytes.byteSize()));
          }
          long count = Math.min(target.byteSize(), bytes.byteSize() - offset);
          MemorySegment.copy(bytes, offset, target.segment(), 0, count);
          return count;
        });
  }

  @Override
  public Optional<ObjectStat> stat(String key) {
    return inside(
        () -> {
          ObjectKeys.check(key);
          return table.stat(key);
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
          return table.list(prefix, after, limit);
        });
  }

  @Override
  public boolean delete(String key, Durability durability) {
    return inside(
        () -> {
          requireWritable(key, durability);
          return table
              .apply(List.of(new ObjectTable.Change(key, null, 0, null)))
              .getFirst()
              .isPresent();
        });
  }

  @Override
  public void apply(ObjectBatch batch) {
    inside(
        () -> {
          for (ObjectBatch.Step step : batch.steps()) {
            requireWritable(
                step.key(),
                step instanceof ObjectBatch.Step.Put put
                    ? put.options().durability()
                    : Durability.NONE);
          }
          return applyOwned(changes(batch));
        });
  }

  private List<ObjectTable.Change> changes(ObjectBatch batch) {
    List<ObjectTable.Change> changes = new ArrayList<>();
    try {
      for (ObjectBatch.Step step : batch.steps()) {
        changes.add(
            switch (step) {
              case ObjectBatch.Step.Put put -> change(put.key(), put.value(), put.options());
              case ObjectBatch.Step.Delete delete ->
                  new ObjectTable.Change(delete.key(), null, 0, null);
            });
      }
      return changes;
    } catch (RuntimeException e) {
      changes.forEach(ObjectTable.Change::discard);
      throw e;
    }
  }

  private ObjectTable.Change change(String key, MemorySegment value, PutOptions options) {
    if (value.byteSize() == 0) {
      return new ObjectTable.Change(key, null, 0, options);
    }
    SharedBlock block =
        new SharedBlock(memory.reserve(value.byteSize(), MemoryObjectWriter.ALIGNMENT));
    MemorySegment.copy(value, 0, block.segment(), 0, value.byteSize());
    return new ObjectTable.Change(key, block, value.byteSize(), options);
  }

  private List<Optional<ObjectStat>> applyOwned(List<ObjectTable.Change> changes) {
    try {
      return table.apply(changes);
    } catch (RuntimeException e) {
      changes.forEach(ObjectTable.Change::discard);
      throw e;
    }
  }

  @Override
  public Optional<MappedObject> map(String key) {
    return inside(
        () -> {
          ObjectKeys.check(key);
          return Optional.ofNullable(table.hold(key)).map(MemoryMappedObject::new);
        });
  }

  @Override
  public void flush() {
    gate.enter(); // there is nothing to write out, but a closed store says so
    gate.leave();
  }

  @Override
  public void close() {
    if (gate.close()) {
      open.forget(this);
      if (mode == OpenMode.READ_SNAPSHOT) {
        table.clear();
      }
      location.close(mode == OpenMode.WRITE);
    }
  }

  private <T> Optional<T> read(String key, Function<ObjectValue, T> reader) {
    return inside(
        () -> {
          ObjectKeys.check(key);
          @Nullable ObjectValue value = table.hold(key);
          if (value == null) {
            return Optional.empty();
          }
          try {
            return Optional.of(reader.apply(value));
          } finally {
            value.release();
          }
        });
  }

  private <T> T inside(Supplier<T> operation) {
    gate.enter();
    try {
      return operation.get();
    } finally {
      gate.leave();
    }
  }

  private void requireWritable(String key, Durability durability) {
    if (mode != OpenMode.WRITE) {
      throw new CallerException(
          ErrorCode.UNSUPPORTED,
          "object store '%s' is open as a snapshot; open it for writing"
              .formatted(location.name()));
    }
    ObjectKeys.check(key);
    if (durability == Durability.SYNCED) {
      throw new CallerException(
          ErrorCode.UNSUPPORTED,
          "object store '%s' is in memory and cannot sync; ask for WRITTEN"
              .formatted(location.name()));
    }
  }
}
