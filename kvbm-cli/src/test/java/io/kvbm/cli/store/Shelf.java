package io.kvbm.cli.store;

import io.kvbm.api.CallerException;
import io.kvbm.api.CorruptionException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.spi.Availability;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.spi.BackendContext;
import io.kvbm.api.spi.BackendProvider;
import io.kvbm.api.spi.ConfigKey;
import io.kvbm.api.spi.Spi;
import io.kvbm.api.spi.SpiVersion;
import io.kvbm.api.storage.Region;
import io.kvbm.api.store.CompactionReport;
import io.kvbm.api.store.Durability;
import io.kvbm.api.store.DurabilityClaim;
import io.kvbm.api.store.MaintainedStore;
import io.kvbm.api.store.MappedObject;
import io.kvbm.api.store.ObjectBatch;
import io.kvbm.api.store.ObjectStat;
import io.kvbm.api.store.ObjectStore;
import io.kvbm.api.store.ObjectStoreFactory;
import io.kvbm.api.store.ObjectWriter;
import io.kvbm.api.store.OpenMode;
import io.kvbm.api.store.PutOptions;
import io.kvbm.api.store.StoreStatistics;
import io.kvbm.api.store.VerifyReport;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** A backend named {@code disk} whose one store keeps what it is given from run to run. */
final class Shelf implements BackendProvider {

  /** One object. */
  private record Value(byte[] bytes, long version) {}

  final TreeMap<String, Value> objects = new TreeMap<>();
  final Set<String> damaged = new HashSet<>();
  final List<String> calls = new ArrayList<>();
  DurabilityClaim claim = new DurabilityClaim(DurabilityClaim.Survives.POWER_CUT, "it is a shelf");
  boolean isMaintained = true;
  private long versions;
  private int open;

  void put(String key, byte[] bytes) {
    objects.put(key, new Value(bytes, ++versions));
  }

  int open() {
    return open;
  }

  @Override
  public String name() {
    return "disk";
  }

  @Override
  public SpiVersion builtFor() {
    return new SpiVersion(Spi.MAJOR, Spi.MINOR);
  }

  @Override
  public Set<String> storageKinds() {
    return Set.of("disk");
  }

  @Override
  public List<ConfigKey> configKeys() {
    return List.of();
  }

  @Override
  public Availability probe(BackendConfig config) {
    return new Availability.Available("");
  }

  @Override
  public Backend open(BackendContext context, BackendConfig config) {
    return new Backend() {
      @Override
      public List<ObjectStoreFactory> objectStores() {
        return List.of(
            new ObjectStoreFactory() {
              @Override
              public String storageKind() {
                return "disk";
              }

              @Override
              public ObjectStore open(String location, OpenMode mode) {
                calls.add("open " + mode);
                open++;
                return isMaintained ? new Maintained(mode) : new Plain(mode);
              }
            });
      }

      @Override
      public void close() {}
    };
  }

  /** A store that can only store. */
  private class Plain implements ObjectStore {
    private final OpenMode mode;

    Plain(OpenMode mode) {
      this.mode = mode;
    }

    @Override
    public Set<Capability> capabilities() {
      return Set.of();
    }

    @Override
    public OpenMode openMode() {
      return mode;
    }

    @Override
    public ObjectStat put(String key, MemorySegment value, PutOptions options) {
      throw new AssertionError("the command streams");
    }

    @Override
    public ObjectWriter writer(String key, PutOptions options) {
      calls.add("writer %s %s %s".formatted(key, options.durability(), options.condition()));
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      return new ObjectWriter() {
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
          if (options.condition() == PutOptions.Condition.IF_ABSENT && objects.containsKey(key)) {
            throw new CallerException(ErrorCode.PRECONDITION_FAILED, key + " is there");
          }
          objects.put(key, new Value(bytes.toByteArray(), ++versions));
          return stat(key).orElseThrow();
        }

        @Override
        public void close() {}
      };
    }

    @Override
    public Optional<ObjectStat> get(String key, Region.HostRegion target) {
      throw new AssertionError("the command reads pieces");
    }

    @Override
    public Optional<Long> getRange(String key, long offset, Region.HostRegion target) {
      if (damaged.contains(key)) {
        throw new CorruptionException(ErrorCode.CORRUPT, "object '" + key + "' is damaged");
      }
      byte[] bytes = objects.get(key).bytes();
      int length = (int) Math.min(target.byteSize(), bytes.length - offset);
      MemorySegment.copy(bytes, (int) offset, target.segment(), ValueLayout.JAVA_BYTE, 0, length);
      return Optional.of((long) length);
    }

    @Override
    public Optional<ObjectStat> stat(String key) {
      return Optional.ofNullable(objects.get(key))
          .map(value -> new ObjectStat(key, value.bytes().length, value.version()));
    }

    @Override
    public List<ObjectStat> list(String prefix, String after, int limit) {
      return objects.tailMap(after, false).keySet().stream()
          .filter(key -> key.startsWith(prefix))
          .limit(limit)
          .map(key -> stat(key).orElseThrow())
          .toList();
    }

    @Override
    public boolean delete(String key, Durability durability) {
      calls.add("delete " + key + " " + durability);
      return objects.remove(key) != null;
    }

    @Override
    public void apply(ObjectBatch batch) {
      throw new AssertionError();
    }

    @Override
    public Optional<MappedObject> map(String key) {
      return Optional.empty();
    }

    @Override
    public void flush() {}

    @Override
    public void close() {
      open--;
    }
  }

  private final class Maintained extends Plain implements MaintainedStore {

    Maintained(OpenMode mode) {
      super(mode);
    }

    @Override
    public StoreStatistics statistics() {
      long bytes = objects.values().stream().mapToLong(value -> value.bytes().length).sum();
      return new StoreStatistics(
          objects.size(),
          bytes,
          bytes + 1,
          bytes + 4096,
          100,
          claim,
          Map.of("syncs", 3L),
          Map.of("engine", "wooden"));
    }

    @Override
    public VerifyReport verify(Progress progress) {
      progress.at(1, 2);
      progress.at(2, 2);
      return new VerifyReport(
          objects.size(),
          77,
          damaged.stream().map(key -> new VerifyReport.Damage(key, "a bit is wrong")).toList(),
          5);
    }

    @Override
    public CompactionReport compact(Progress progress) {
      progress.at(1, 1);
      return new CompactionReport(4096, 1024, 512, 2_000_000_000L);
    }
  }
}
