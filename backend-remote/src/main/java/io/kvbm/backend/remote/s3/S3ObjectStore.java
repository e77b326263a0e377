package io.kvbm.backend.remote.s3;

import io.kvbm.api.CallerException;
import io.kvbm.api.CorruptionException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.spi.Gate;
import io.kvbm.api.storage.Region;
import io.kvbm.api.store.CompactionReport;
import io.kvbm.api.store.Durability;
import io.kvbm.api.store.DurabilityClaim;
import io.kvbm.api.store.MaintainedStore;
import io.kvbm.api.store.MappedObject;
import io.kvbm.api.store.ObjectBatch;
import io.kvbm.api.store.ObjectKeys;
import io.kvbm.api.store.ObjectStat;
import io.kvbm.api.store.ObjectWriter;
import io.kvbm.api.store.OpenMode;
import io.kvbm.api.store.PutOptions;
import io.kvbm.api.store.StoreStatistics;
import io.kvbm.api.store.VerifyReport;
import io.kvbm.backend.remote.s3.S3Bucket.Entry;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/** Objects of one location. Several processes may write to one location at once. */
final class S3ObjectStore implements MaintainedStore {

  /** A multiple of a chunk, and the most memory that a verification takes. */
  private static final long VERIFY_BYTE_SIZE = 32L << 20;

  private final StoreParts parts;
  private final Gate gate;
  private final Runnable afterClose;

  S3ObjectStore(StoreParts parts, Runnable afterClose) {
    this.parts = parts;
    this.afterClose = afterClose;
    gate = parts.gate();
  }

  @Override
  public Set<Capability> capabilities() {
    EnumSet<Capability> all =
        EnumSet.of(Capability.TIME_TO_LIVE, Capability.SYNC, Capability.PERSISTENT);
    if (parts.conditional()) {
      all.add(Capability.CONDITIONAL_PUT);
    }
    return Set.copyOf(all);
  }

  @Override
  public OpenMode openMode() {
    return OpenMode.WRITE;
  }

  @Override
  public ObjectStat put(String key, MemorySegment value, PutOptions options) {
    return gate.inside(
        () -> {
          parts.location().physical(key);
          if (value.byteSize() <= parts.settings().bytes("multipartThreshold")) {
            return new Publication(parts, key, options).whole(value);
          }
          try (S3ObjectWriter writer = new S3ObjectWriter(parts, key, options)) {
            writer.append(value);
            return writer.publish();
          }
        });
  }

  @Override
  public ObjectWriter writer(String key, PutOptions options) {
    return gate.inside(
        () -> {
          parts.location().physical(key);
          Publication.requireSupported(parts, options);
          return new S3ObjectWriter(parts, key, options);
        });
  }

  @Override
  public Optional<ObjectStat> get(String key, Region.HostRegion target) {
    return gate.inside(
        () ->
            parts
                .download()
                .get(parts.location().physical(key), key, target.segment(), parts.clock().instant())
                .flatMap(entry -> stat(key, entry)));
  }

  @Override
  public Optional<Long> getRange(String key, long offset, Region.HostRegion target) {
    return gate.inside(
        () ->
            parts
                .download()
                .range(
                    parts.location().physical(key),
                    key,
                    offset,
                    target.segment(),
                    parts.clock().instant()));
  }

  @Override
  public Optional<ObjectStat> stat(String key) {
    return gate.inside(() -> live(key).flatMap(entry -> stat(key, entry)));
  }

  private Optional<Entry> live(String key) {
    return parts
        .bucket()
        .head(parts.location().physical(key))
        .filter(entry -> !entry.isExpired(parts.clock().instant()));
  }

  private static Optional<ObjectStat> stat(String key, Entry entry) {
    long byteSize = ObjectFooter.valueByteSize(entry.byteSize());
    return byteSize < 0
        ? Optional.empty()
        : Optional.of(new ObjectStat(key, byteSize, entry.version()));
  }

  @Override
  public List<ObjectStat> list(String prefix, String after, int limit) {
    return gate.inside(
        () -> {
          if (limit < 1) {
            throw new CallerException(
                ErrorCode.INVALID_ARGUMENT, "limit must be above 0, got " + limit);
          }
          List<ObjectStat> found = new ArrayList<>();
          new ObjectList(parts)
              .walk(
                  prefix,
                  after,
                  limit,
                  (key, entry) -> {
                    stat(key, entry).ifPresent(found::add);
                    return found.size() < limit;
                  });
          return found;
        });
  }

  @Override
  public boolean delete(String key, Durability durability) {
    return gate.inside(
        () ->
            parts.locked(
                key,
                () -> {
                  String physical = parts.location().physical(key);
                  Optional<Entry> found = parts.bucket().head(physical);
                  if (found.isEmpty()) {
                    return false;
                  }
                  parts.bucket().delete(physical, "");
                  return !found.get().isExpired(parts.clock().instant());
                }));
  }

  @Override
  public void apply(ObjectBatch batch) {
    throw new CallerException(
        ErrorCode.UNSUPPORTED, "S3 changes one object at a time; put and delete one by one");
  }

  @Override
  public Optional<MappedObject> map(String key) {
    ObjectKeys.check(key);
    throw new CallerException(
        ErrorCode.UNSUPPORTED, "objects in S3 cannot be mapped into memory; read them");
  }

  @Override
  public StoreStatistics statistics() {
    return gate.inside(
        () -> {
          long[] sums = new long[3];
          forEach(
              (_, entry) -> {
                sums[0]++;
                sums[1] += Math.max(0, ObjectFooter.valueByteSize(entry.byteSize()));
                sums[2] += entry.byteSize();
              });
          return new StoreStatistics(
              sums[0],
              sums[1],
              sums[2],
              sums[2],
              0,
              new DurabilityClaim(
                  DurabilityClaim.Survives.POWER_CUT,
                  "the service answers when it has stored an object; what that means is its word"),
              Map.of("retries", parts.calls().retries()),
              Map.of("location", parts.location().toString()));
        });
  }

  private void forEach(java.util.function.BiConsumer<String, Entry> visitor) {
    new ObjectList(parts)
        .walk(
            "",
            "",
            Integer.MAX_VALUE,
            (key, entry) -> {
              visitor.accept(key, entry);
              return true;
            });
  }

  @Override
  public VerifyReport verify(Progress progress) {
    return gate.inside(
        () -> {
          long started = parts.clock().nanoTime();
          long[] sums = new long[2];
          List<VerifyReport.Damage> damaged = new ArrayList<>();
          forEach(
              (key, entry) -> {
                parts.gate().requireOpen();
                sums[0]++;
                sums[1] += entry.byteSize();
                try {
                  read(key, Math.max(0, ObjectFooter.valueByteSize(entry.byteSize())));
                } catch (CorruptionException e) {
                  damaged.add(new VerifyReport.Damage(key, e.getMessage()));
                } catch (CallerException e) {
                  if (e.code() != ErrorCode.OUT_OF_BOUNDS) {
                    throw e; // else it was replaced by a longer one meanwhile
                  }
                }
                progress.at(sums[1], sums[1]);
              });
          return new VerifyReport(sums[0], sums[1], damaged, parts.clock().nanoTime() - started);
        });
  }

  /** Reads an object for its checksums alone, a long one piece by piece. */
  private void read(String key, long byteSize) {
    String physical = parts.location().physical(key);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment target = arena.allocate(Math.min(byteSize, VERIFY_BYTE_SIZE));
      if (byteSize <= VERIFY_BYTE_SIZE) {
        var _ = parts.download().get(physical, key, target, parts.clock().instant());
        return;
      }
      for (long at = 0; at < byteSize; at += VERIFY_BYTE_SIZE) {
        parts.gate().requireOpen();
        var _ = parts.download().range(physical, key, at, target, parts.clock().instant());
      }
    }
  }

  @Override
  public CompactionReport compact(Progress progress) {
    return gate.inside(() -> new ObjectSweep(parts).run());
  }

  /** Collects if the store is still open. */
  void sweep() {
    compact(Progress.NONE);
  }

  @Override
  public void flush() {
    gate.inside((Supplier<Boolean>) () -> true); // puts are stored when they return
  }

  @Override
  public void close() {
    if (gate.close()) {
      afterClose.run();
    }
  }
}
