package io.kvbm.testkit.broken;

import io.kvbm.api.CallerException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.TransientException;
import io.kvbm.api.spi.Clock;
import io.kvbm.api.storage.Region;
import io.kvbm.api.store.Durability;
import io.kvbm.api.store.MappedObject;
import io.kvbm.api.store.ObjectBatch;
import io.kvbm.api.store.ObjectStat;
import io.kvbm.api.store.ObjectStore;
import io.kvbm.api.store.ObjectStoreFactory;
import io.kvbm.api.store.ObjectWriter;
import io.kvbm.api.store.OpenMode;
import io.kvbm.api.store.PutOptions;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** Keeps objects on the heap soundly, as long as its backend is open. */
class MemoryObjects implements ObjectStoreFactory {

  private final Clock clock;
  private final ReferenceState state;
  private final Map<String, Location> locations = new HashMap<>();

  MemoryObjects(Clock clock, ReferenceState state) {
    this.clock = clock;
    this.state = state;
  }

  /** An object: its bytes are never changed. */
  record Held(byte[] bytes, long version, long endNanos) {}

  /** The objects of one place. */
  static final class Location {
    final TreeMap<String, Held> objects = new TreeMap<>();
    long versions;
    boolean written;
  }

  @Override
  public String storageKind() {
    return "system";
  }

  @Override
  public synchronized ObjectStore open(String name, OpenMode mode) {
    state.requireOpen();
    Location location = locations.computeIfAbsent(name, _ -> new Location());
    synchronized (location) {
      if (mode == OpenMode.READ_SNAPSHOT) {
        Location copy = new Location();
        copy.objects.putAll(location.objects);
        return new Store(copy, mode);
      }
      if (location.written) {
        throw new TransientException(
            ErrorCode.LOCKED,
            "objects '%s' are open in process %d".formatted(name, ProcessHandle.current().pid()));
      }
      location.written = true;
      return new Store(location, mode);
    }
  }

  /** {@return whether a put may go on} */
  boolean holds(PutOptions options, Held held) {
    return switch (options.condition()) {
      case ALWAYS -> true;
      case IF_ABSENT -> held == null;
      case IF_VERSION -> held != null && held.version == options.version();
    };
  }

  /** {@return the first byte that a range starts with} */
  long rangeStart(long offset) {
    return offset;
  }

  /** {@return whether a key is listed} */
  boolean lists(String key) {
    return true;
  }

  /** Takes back what a failed batch did. */
  void rollBack(TreeMap<String, Held> objects, TreeMap<String, Held> before) {
    objects.clear();
    objects.putAll(before);
  }

  /** {@return the segment a mapping shows} */
  MemorySegment seal(MemorySegment segment) {
    return segment.asReadOnly();
  }

  private static void checkKey(String key) {
    boolean formed = key.length() <= 1024 && key.matches("[A-Za-z0-9._/-]+");
    for (String part : key.split("/", -1)) {
      formed &= !part.isEmpty() && !part.equals(".") && !part.equals("..");
    }
    if (!formed) {
      throw new CallerException(ErrorCode.INVALID_ARGUMENT, "malformed key of an object");
    }
  }

  private final class Store implements ObjectStore {
    private final Location location;
    private final OpenMode mode;
    private volatile boolean closed;

    Store(Location location, OpenMode mode) {
      this.location = location;
      this.mode = mode;
    }

    private void require(String key) {
      state.requireOpen();
      if (closed) {
        throw new ClosedException(ErrorCode.CLOSED, "the object store is closed");
      }
      checkKey(key);
    }

    private void requireWritable(String key) {
      require(key);
      if (mode != OpenMode.WRITE) {
        throw new CallerException(ErrorCode.UNSUPPORTED, "a snapshot cannot be written");
      }
    }

    /** {@return the object, unless its time is up} */
    private Held held(String key) {
      Held held = location.objects.get(key);
      if (held != null && held.endNanos <= clock.nanoTime()) {
        location.objects.remove(key);
        return null;
      }
      return held;
    }

    private static ObjectStat stat(String key, Held held) {
      return new ObjectStat(key, held.bytes.length, held.version);
    }

    @Override
    public Set<Capability> capabilities() {
      return EnumSet.allOf(Capability.class);
    }

    @Override
    public OpenMode openMode() {
      return mode;
    }

    @Override
    public ObjectStat put(String key, MemorySegment value, PutOptions options) {
      requireWritable(key);
      byte[] bytes = value.toArray(ValueLayout.JAVA_BYTE);
      synchronized (location) {
        if (!holds(options, held(key))) {
          throw new CallerException(
              ErrorCode.PRECONDITION_FAILED, "object '" + key + "' is not as the put demands");
        }
        long end =
            options.timeToLive() == null
                ? Long.MAX_VALUE
                : clock.nanoTime() + options.timeToLive().toNanos();
        Held held = new Held(bytes, ++location.versions, end);
        location.objects.put(key, held);
        return stat(key, held);
      }
    }

    @Override
    public ObjectWriter writer(String key, PutOptions options) {
      requireWritable(key);
      return new Writer(this, key, options);
    }

    @Override
    public Optional<ObjectStat> get(String key, Region.HostRegion target) {
      require(key);
      Held held = find(key);
      if (held == null) {
        return Optional.empty();
      }
      if (target.byteSize() < held.bytes.length) {
        throw new CallerException(ErrorCode.OUT_OF_BOUNDS, "the target is too short");
      }
      MemorySegment.copy(
          MemorySegment.ofArray(held.bytes), 0, target.segment(), 0, held.bytes.length);
      return Optional.of(stat(key, held));
    }

    private Held find(String key) {
      synchronized (location) {
        return held(key);
      }
    }

    @Override
    public Optional<Long> getRange(String key, long offset, Region.HostRegion target) {
      require(key);
      Held held = find(key);
      if (held == null) {
        return Optional.empty();
      }
      if (offset < 0 || offset > held.bytes.length) {
        throw new CallerException(ErrorCode.OUT_OF_BOUNDS, "the range starts behind the object");
      }
      long length = Math.min(target.byteSize(), held.bytes.length - offset);
      MemorySegment bytes = MemorySegment.ofArray(held.bytes);
      long start = Math.min(rangeStart(offset), held.bytes.length - length);
      MemorySegment.copy(bytes, start, target.segment(), 0, length);
      return Optional.of(length);
    }

    @Override
    public Optional<ObjectStat> stat(String key) {
      require(key);
      return Optional.ofNullable(find(key)).map(held -> stat(key, held));
    }

    @Override
    public List<ObjectStat> list(String prefix, String after, int limit) {
      require("any");
      if (limit < 1) {
        throw new CallerException(ErrorCode.INVALID_ARGUMENT, "the limit must be above zero");
      }
      synchronized (location) {
        return List.copyOf(location.objects.tailMap(after, false).keySet()).stream()
            .filter(key -> key.startsWith(prefix) && held(key) != null && lists(key))
            .limit(limit)
            .map(key -> stat(key, location.objects.get(key)))
            .toList();
      }
    }

    @Override
    public boolean delete(String key, Durability durability) {
      requireWritable(key);
      synchronized (location) {
        return held(key) != null && location.objects.remove(key) != null;
      }
    }

    @Override
    public void apply(ObjectBatch batch) {
      requireWritable("any");
      synchronized (location) {
        TreeMap<String, Held> before = new TreeMap<>(location.objects);
        try {
          for (ObjectBatch.Step step : batch.steps()) {
            switch (step) {
              case ObjectBatch.Step.Put put -> put(put.key(), put.value(), put.options());
              case ObjectBatch.Step.Delete delete -> delete(delete.key(), Durability.NONE);
            }
          }
        } catch (CallerException e) {
          rollBack(location.objects, before);
          throw e;
        }
      }
    }

    @Override
    public Optional<MappedObject> map(String key) {
      require(key);
      Held held = find(key);
      if (held == null) {
        return Optional.empty();
      }
      Arena arena = Arena.ofShared();
      MemorySegment copy = arena.allocate(held.bytes.length, 64);
      copy.copyFrom(MemorySegment.ofArray(held.bytes));
      MemorySegment sealed = seal(copy);
      return Optional.of(
          new MappedObject() {
            @Override
            public MemorySegment segment() {
              return sealed;
            }

            @Override
            public void close() {
              if (arena.scope().isAlive()) {
                arena.close();
              }
            }
          });
    }

    @Override
    public void flush() {
      require("any");
    }

    @Override
    public void close() {
      synchronized (location) {
        if (!closed && mode == OpenMode.WRITE) {
          location.written = false;
        }
        closed = true;
      }
    }
  }

  private static final class Writer implements ObjectWriter {
    private final Store store;
    private final String key;
    private final PutOptions options;
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    Writer(Store store, String key, PutOptions options) {
      this.store = store;
      this.key = key;
      this.options = options;
    }

    @Override
    public void write(MemorySegment piece) {
      bytes.writeBytes(piece.toArray(ValueLayout.JAVA_BYTE));
    }

    @Override
    public long position() {
      return bytes.size();
    }

    @Override
    public ObjectStat commit() {
      return store.put(key, MemorySegment.ofArray(bytes.toByteArray()), options);
    }

    @Override
    public void close() {
      bytes.reset();
    }
  }
}
