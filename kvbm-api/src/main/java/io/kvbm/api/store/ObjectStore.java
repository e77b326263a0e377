package io.kvbm.api.store;

import io.kvbm.api.CallerException;
import io.kvbm.api.CapacityException;
import io.kvbm.api.CorruptionException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;
import io.kvbm.api.storage.Region;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;

/**
 * Keeps values of 0 bytes to gibibytes under text keys.
 *
 * <p>A key is 1 to 1024 characters of {@code [A-Za-z0-9._/-]}, without empty, {@code .} or {@code
 * ..} parts. A read gives the bytes of one put, whole, or fails. Threading: safe from any thread;
 * calls block, their {@code …Async} twins do not.
 *
 * <p>What a store cannot do it says in {@link #capabilities()}; such a call fails with {@link
 * ErrorCode#UNSUPPORTED}.
 */
@Stability(Stability.Level.STABLE)
public interface ObjectStore extends AutoCloseable {

  /** What a store may be able to do beyond put, get, list, stat and delete. */
  enum Capability {
    /** {@link PutOptions#ifAbsent()} and {@link PutOptions#ifVersion(long)}. */
    CONDITIONAL_PUT,
    /** {@link #apply}. */
    ATOMIC_BATCH,
    /** {@link #map}. */
    MAP,
    /** {@link PutOptions#withTimeToLive}. */
    TIME_TO_LIVE,
    /** {@link Durability#SYNCED}. */
    SYNC,
    /** Values survive closing the store. */
    PERSISTENT
  }

  /** {@return what this store can do} */
  Set<Capability> capabilities();

  /** {@return how the store was opened} */
  OpenMode openMode();

  /**
   * Puts an object, replacing one under the same key at once and whole.
   *
   * @param key the object's key
   * @param value its bytes; they must not change before the call returns
   * @param options durability, condition, time to live
   * @return what the store now knows of it
   * @throws CallerException with {@link ErrorCode#PRECONDITION_FAILED} if the condition does not
   *     hold, with {@link ErrorCode#INVALID_ARGUMENT} if the key is malformed; nothing changed
   * @throws CapacityException if there is no room; nothing changed
   */
  ObjectStat put(String key, MemorySegment value, PutOptions options);

  /**
   * Starts writing an object piece by piece.
   *
   * @param key the object's key
   * @param options durability, condition, time to live
   * @return the writer; the caller closes it
   */
  ObjectWriter writer(String key, PutOptions options);

  /**
   * Reads an object into a host region.
   *
   * @param key the object's key
   * @param target at least as long as the object
   * @return what was read, or empty if there is no such object
   * @throws CallerException with {@link ErrorCode#OUT_OF_BOUNDS} if the target is too short
   * @throws CorruptionException if the bytes are damaged; the target's content is undefined
   */
  Optional<ObjectStat> get(String key, Region.HostRegion target);

  /**
   * Reads a part of an object.
   *
   * @param key the object's key
   * @param offset the first byte
   * @param target filled from its start
   * @return how many bytes were read, fewer than the target's length only at the object's end;
   *     empty if there is no such object
   * @throws CallerException with {@link ErrorCode#OUT_OF_BOUNDS} if the offset lies behind the
   *     object's end
   * @throws CorruptionException if the bytes are damaged; the target's content is undefined
   */
  Optional<Long> getRange(String key, long offset, Region.HostRegion target);

  /**
   * {@return an object's bytes on the heap, or empty if there is no such object}
   *
   * @param key the object's key
   * @throws CapacityException if it is longer than an array can be
   */
  default Optional<byte[]> getBytes(String key) {
    while (true) {
      Optional<ObjectStat> stat = stat(key);
      if (stat.isEmpty()) {
        return Optional.empty();
      }
      if (stat.get().byteSize() > Integer.MAX_VALUE - 8) {
        throw new CapacityException(
            ErrorCode.UNSUPPORTED,
            "object '%s' of %d bytes does not fit an array; read it into a region"
                .formatted(key, stat.get().byteSize()),
            stat.get().byteSize(),
            Integer.MAX_VALUE - 8);
      }
      byte[] bytes = new byte[(int) stat.get().byteSize()];
      try {
        Optional<ObjectStat> read = get(key, new Region.HostRegion(MemorySegment.ofArray(bytes)));
        if (read.isEmpty()) {
          return Optional.empty();
        }
        if (read.get().byteSize() == bytes.length) {
          return Optional.of(bytes);
        }
      } catch (CallerException e) {
        // Unless it was replaced by a longer one in between, nothing was read.
        if (e.code() != ErrorCode.OUT_OF_BOUNDS || stat(key).equals(stat)) {
          throw e;
        }
      }
    }
  }

  /**
   * {@return what the store knows of an object, or empty if there is none}
   *
   * @param key the object's key
   */
  Optional<ObjectStat> stat(String key);

  /**
   * {@return objects whose keys start with a prefix, in the order of their keys}
   *
   * @param prefix empty for all
   * @param after only keys behind this one; empty starts at the first
   * @param limit at most so many, above 0
   */
  List<ObjectStat> list(String prefix, String after, int limit);

  /**
   * Deletes an object.
   *
   * @param key the object's key
   * @param durability what is promised when the call returns
   * @return whether there was one
   */
  boolean delete(String key, Durability durability);

  /**
   * Applies a batch, whole or not at all.
   *
   * @param batch puts and deletes
   * @throws CallerException with {@link ErrorCode#PRECONDITION_FAILED} if a condition does not
   *     hold; nothing changed
   */
  void apply(ObjectBatch batch);

  /**
   * {@return the object mapped into memory; empty if there is no such object or it cannot be
   * mapped}
   *
   * @param key the object's key
   */
  Optional<MappedObject> map(String key);

  /**
   * Like {@link #put}, on another thread.
   *
   * @param key the object's key
   * @param value its bytes; they must not change before the stage completes
   * @param options durability, condition, time to live
   * @param executor runs the call
   * @return completes with what the store knows of the object
   */
  default CompletionStage<ObjectStat> putAsync(
      String key, MemorySegment value, PutOptions options, Executor executor) {
    return CompletableFuture.supplyAsync(() -> put(key, value, options), executor);
  }

  /**
   * Like {@link #get}, on another thread.
   *
   * @param key the object's key
   * @param target at least as long as the object
   * @param executor runs the call
   * @return completes with what was read
   */
  default CompletionStage<Optional<ObjectStat>> getAsync(
      String key, Region.HostRegion target, Executor executor) {
    return CompletableFuture.supplyAsync(() -> get(key, target), executor);
  }

  /** Makes everything put so far as durable as the store can. */
  void flush();

  /** Flushes and releases everything. Later calls do nothing. */
  @Override
  void close();
}
