package io.kvbm.core.objects;

import io.kvbm.api.CallerException;
import io.kvbm.api.CorruptionException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.storage.Region;
import io.kvbm.api.store.BlockRead;
import io.kvbm.api.store.BlockStoreFactory;
import io.kvbm.api.store.BlockWrite;
import io.kvbm.api.store.Durability;
import io.kvbm.api.store.ObjectStat;
import io.kvbm.api.store.ObjectStore;
import io.kvbm.api.store.PutOptions;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Blocks as objects: one each, a header before the bytes. Ownership: closes the object store.
 * Threading: safe from any thread; all calls wait for the object store.
 */
final class BlockObjects implements AutoCloseable {

  private static final int STRIPES = 256;
  private static final Pattern NAME = Pattern.compile("[0-9a-f]{16}/[0-9a-f]{16}");

  private final ObjectStore objects;
  private final BlockStoreFactory.Spec spec;
  private final long owner;
  private final ReentrantLock[] locks = new ReentrantLock[STRIPES];

  BlockObjects(ObjectStore objects, BlockStoreFactory.Spec spec, long owner) {
    this.objects = objects;
    this.spec = spec;
    this.owner = owner;
    Arrays.setAll(locks, _ -> new ReentrantLock());
  }

  static String name(BlockKey key) {
    return "%016x/%016x".formatted(key.hi(), key.lo());
  }

  /** {@return the block an object is named after, or empty if it is none of ours} */
  static Optional<BlockKey> keyOf(String name) {
    if (!NAME.matcher(name).matches()) {
      return Optional.empty();
    }
    return Optional.of(
        new BlockKey(
            Long.parseUnsignedLong(name.substring(0, 16), 16),
            Long.parseUnsignedLong(name.substring(17), 16)));
  }

  /** {@return up to {@code limit} objects whose names come after {@code after}} */
  List<ObjectStat> list(String after, int limit) {
    return objects.list("", after, limit);
  }

  boolean isOwn(BlockHeader header) {
    return header.owner() == owner;
  }

  /** {@return the header of a block of this fingerprint; empty if there is none} */
  Optional<BlockHeader> header(BlockKey key) {
    MemorySegment bytes = MemorySegment.ofArray(new byte[BlockHeader.BYTE_SIZE]);
    return objects
        .getRange(name(key), 0, new Region.HostRegion(bytes))
        .filter(read -> read == BlockHeader.BYTE_SIZE)
        .flatMap(_ -> BlockHeader.decode(bytes))
        .filter(found -> found.key().equals(key) && found.fingerprint() == spec.fingerprint());
  }

  /** Stores a block; {@return its bytes}. */
  long put(BlockWrite write) {
    long byteSize = lengthOf(write.source());
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment object = arena.allocate(BlockHeader.BYTE_SIZE + byteSize, 8);
      MemorySegment bytes = object.asSlice(BlockHeader.BYTE_SIZE);
      long at = 0;
      for (Region part : write.source()) {
        MemorySegment source = host(part);
        MemorySegment.copy(source, 0, bytes, at, source.byteSize());
        at += source.byteSize();
      }
      int checksum = BlockHeader.crc(bytes);
      if (!write.matches(checksum)) {
        throw new CorruptionException(
            ErrorCode.CORRUPT,
            "block %s was damaged on its way to slot %d; it is not kept"
                .formatted(write.key(), write.slot()));
      }
      new BlockHeader(
              write.key(),
              write.parent(),
              write.slot(),
              write.generation(),
              write.priority(),
              spec.fingerprint(),
              owner,
              byteSize,
              checksum)
          .encode(object);
      locked(write.key(), () -> objects.put(name(write.key()), object, PutOptions.DEFAULT));
    }
    return byteSize;
  }

  /**
   * Reads a block and compares it with its checksum before it goes to its target.
   *
   * @param isAdopted whether another's block may be what is there, with a generation of its own
   * @return its bytes
   */
  long get(BlockRead read, boolean isAdopted) {
    long byteSize = lengthOf(read.target());
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment object = arena.allocate(BlockHeader.BYTE_SIZE + spec.slotByteSize(), 8);
      long found =
          objects
              .get(name(read.key()), new Region.HostRegion(object))
              .orElseThrow(() -> missing(read))
              .byteSize();
      BlockHeader header = BlockHeader.decode(object.asSlice(0, found)).orElse(null);
      check(read, header, isAdopted, found, byteSize);
      MemorySegment bytes = object.asSlice(BlockHeader.BYTE_SIZE, byteSize);
      if (BlockHeader.crc(bytes) != Objects.requireNonNull(header, "checked").checksum()) {
        throw corrupt(read, "its bytes have another CRC32C");
      }
      long at = 0;
      for (Region part : read.target()) {
        MemorySegment target = host(part);
        MemorySegment.copy(bytes, at, target, 0, target.byteSize());
        at += target.byteSize();
      }
      return byteSize;
    } catch (CallerException e) {
      throw e.code() == ErrorCode.OUT_OF_BOUNDS ? corrupt(read, "the object is too long") : e;
    }
  }

  private void check(
      BlockRead read, @Nullable BlockHeader header, boolean isAdopted, long found, long byteSize) {
    if (header == null) {
      throw corrupt(read, "its header is damaged");
    }
    if (!header.key().equals(read.key()) || header.fingerprint() != spec.fingerprint()) {
      throw corrupt(
          read, "it is %s of fingerprint %016x".formatted(header.key(), header.fingerprint()));
    }
    // Another process may have put the same bytes under its own generation, or this one into
    // another slot.
    if (!isAdopted && isOwn(header) && header.generation() != read.generation()) {
      throw corrupt(read, "it has generation " + header.generation());
    }
    if (header.byteSize() + BlockHeader.BYTE_SIZE != found) {
      throw corrupt(read, "the object has %d bytes".formatted(found));
    }
    if (header.byteSize() != byteSize) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "block %s has %d bytes, the target %d"
              .formatted(read.key(), header.byteSize(), byteSize));
    }
  }

  /** Deletes the object of a block if its header is as it must be. */
  void deleteIf(BlockKey key, Predicate<BlockHeader> condition) {
    locked(
        key,
        () -> {
          if (header(key).filter(condition).isPresent()) {
            objects.delete(name(key), Durability.NONE);
          }
        });
  }

  private void locked(BlockKey key, Runnable action) {
    ReentrantLock lock = locks[Math.floorMod(key.hashCode(), STRIPES)];
    lock.lock();
    try {
      action.run();
    } finally {
      lock.unlock();
    }
  }

  static CallerException missing(BlockRead read) {
    return new CallerException(
        ErrorCode.NOT_FOUND,
        "slot %d holds no block, wanted %s".formatted(read.slot(), read.key()));
  }

  static CorruptionException corrupt(BlockRead read, String why) {
    return new CorruptionException(
        ErrorCode.CORRUPT,
        "slot %d does not give block %s: %s; compute it again"
            .formatted(read.slot(), read.key(), why));
  }

  static long lengthOf(List<Region> regions) {
    return regions.stream().mapToLong(Region::byteSize).sum();
  }

  private static MemorySegment host(Region region) {
    if (region instanceof Region.HostRegion host) {
      return host.segment();
    }
    throw new CallerException(
        ErrorCode.NOT_ACCESSIBLE,
        "blocks in objects take host regions only, got " + region.getClass().getSimpleName());
  }

  @Override
  public void close() {
    objects.close();
  }
}
