package org.example.zstdmemory;

import com.github.luben.zstd.Zstd;
import io.kvbm.api.BackendException;
import io.kvbm.api.CallerException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.CorruptionException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.spi.BackendContext;
import io.kvbm.api.storage.Region;
import io.kvbm.api.store.BlockRead;
import io.kvbm.api.store.BlockStore;
import io.kvbm.api.store.BlockStoreFactory;
import io.kvbm.api.store.BlockWrite;
import io.kvbm.api.store.RecoveryReport;
import io.kvbm.api.store.StoredBlock;
import io.kvbm.api.transfer.TransferCompletion;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Consumer;
import java.util.function.IntToLongFunction;
import java.util.zip.CRC32C;

/**
 * Blocks in slots, each a {@link StoredFrame} in memory of its own. An operation holds the read
 * lock, so that {@link #close()} waits for it. Core never overlaps operations on one slot.
 */
final class ZstdBlockStore implements BlockStore {

  private final int slots;
  private final long slotByteSize;
  private final int level;
  private final CompressedBytes memory;
  private final BackendContext context;
  private final Consumer<ZstdBlockStore> afterClose;
  private final AtomicReferenceArray<StoredFrame> frames;
  private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
  private boolean closed;

  ZstdBlockStore(
      BlockStoreFactory.Spec spec,
      int level,
      CompressedBytes memory,
      BackendContext context,
      Consumer<ZstdBlockStore> afterClose) {
    this.slots = spec.slots();
    this.slotByteSize = spec.slotByteSize();
    this.level = level;
    this.memory = memory;
    this.context = context;
    this.afterClose = afterClose;
    this.frames = new AtomicReferenceArray<>(slots);
  }

  @Override
  public int slots() {
    return slots;
  }

  @Override
  public long slotByteSize() {
    return slotByteSize;
  }

  @Override
  public RecoveryReport recover(Consumer<StoredBlock> found) {
    lock.readLock().lock();
    try {
      requireOpen();
      return RecoveryReport.EMPTY;
    } finally {
      lock.readLock().unlock();
    }
  }

  @Override
  public void write(List<BlockWrite> writes, TransferCompletion completion) {
    start(writes.size(), block -> store(writes.get(block)), completion);
  }

  @Override
  public void read(List<BlockRead> reads, TransferCompletion completion) {
    start(reads.size(), block -> load(reads.get(block)), completion);
  }

  private void start(int blockCount, IntToLongFunction step, TransferCompletion completion) {
    Runnable work =
        () -> {
          for (int block = 0; block < blockCount; block++) {
            tell(outcome(block, step, completion));
          }
          tell(completion::drained);
        };
    try {
      context.computeExecutor().execute(work); // compression is work for a processor, not for I/O
    } catch (RejectedExecutionException e) {
      work.run(); // the platform is closing: finish what was promised
    }
  }

  private Runnable outcome(int block, IntToLongFunction step, TransferCompletion completion) {
    if (completion.isCancelled()) {
      return () -> completion.cancelled(block);
    }
    lock.readLock().lock();
    try {
      requireOpen();
      long byteSize = step.applyAsLong(block);
      return () -> completion.done(block, byteSize);
    } catch (KvbmException e) {
      return () -> completion.failed(block, e);
    } catch (RuntimeException | Error e) {
      BackendException cause =
          new BackendException(ErrorCode.OPERATION_FAILED, "block " + block + " failed: " + e, e);
      return () -> completion.failed(block, cause);
    } finally {
      lock.readLock().unlock();
    }
  }

  private void tell(Runnable report) {
    try {
      report.run();
    } catch (RuntimeException e) {
      context.logger().log(System.Logger.Level.ERROR, "a transfer completion threw", e);
    }
  }

  private long store(BlockWrite write) {
    requireSlot(write.slot());
    long byteSize = lengthOf(write.source());
    if (byteSize > slotByteSize) {
      throw new CallerException(
          ErrorCode.OUT_OF_BOUNDS,
          "block %s of %d bytes does not fit a slot of %d bytes"
              .formatted(write.key(), byteSize, slotByteSize));
    }
    write.source().forEach(ZstdBlockStore::host);
    replace(write.slot(), null); // a write that fails leaves nothing that looks whole
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment plain = gather(write.source(), byteSize, arena);
      requireAsSent(write, plain);
      MemorySegment room = arena.allocate(Math.max(1, Zstd.compressBound(byteSize)), 64);
      long encoded =
          Zstd.compressUnsafe(
              room.address(), room.byteSize(), plain.address(), plain.byteSize(), level);
      if (Zstd.isError(encoded)) {
        throw new BackendException(
            ErrorCode.OPERATION_FAILED,
            "zstd cannot compress block %s: %s".formatted(write.key(), Zstd.getErrorName(encoded)),
            null);
      }
      CompressedBytes.Piece piece = memory.allocate(StoredFrame.HEADER_BYTE_SIZE + encoded);
      replace(
          write.slot(),
          StoredFrame.write(
              piece, write.key(), write.generation(), byteSize, room.asSlice(0, encoded)));
    }
    return byteSize;
  }

  private static void requireAsSent(BlockWrite write, MemorySegment plain) {
    CRC32C arrived = new CRC32C();
    arrived.update(plain.asByteBuffer());
    if (!write.matches((int) arrived.getValue())) {
      throw new CorruptionException(
          ErrorCode.CORRUPT,
          "block %s was damaged on its way to slot %d; it is not kept"
              .formatted(write.key(), write.slot()));
    }
  }

  private long load(BlockRead read) {
    requireSlot(read.slot());
    StoredFrame frame = frames.get(read.slot());
    if (frame == null) {
      throw new CallerException(
          ErrorCode.NOT_FOUND,
          "slot %d holds no block, wanted %s".formatted(read.slot(), read.key()));
    }
    long wanted = lengthOf(read.target());
    read.target().forEach(ZstdBlockStore::host);
    try (Arena arena = Arena.ofConfined()) {
      // One target in native memory is written to directly.
      boolean direct = read.target().size() == 1 && host(read.target().getFirst()).isNative();
      MemorySegment plain =
          direct ? host(read.target().getFirst()) : arena.allocate(Math.max(1, wanted), 64);
      frame.expand(read, wanted, plain.asSlice(0, wanted));
      if (!direct) {
        scatter(plain, read.target());
      }
    }
    return wanted;
  }

  @Override
  public void invalidate(int slot, long generation) {
    lock.readLock().lock();
    try {
      requireOpen();
      requireSlot(slot);
      StoredFrame frame = frames.get(slot);
      if (frame != null && frame.generation() == generation) {
        replace(slot, null);
      }
    } finally {
      lock.readLock().unlock();
    }
  }

  private void replace(int slot, StoredFrame frame) {
    StoredFrame former = frames.getAndSet(slot, frame);
    if (former != null) {
      former.free();
    }
  }

  @Override
  public void close() {
    lock.writeLock().lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      for (int slot = 0; slot < slots; slot++) {
        replace(slot, null);
      }
    } finally {
      lock.writeLock().unlock();
    }
    afterClose.accept(this);
  }

  /** Changes one stored byte behind the checksums' back; for tests. */
  void damage(int slot, long offset) {
    frames.get(slot).damage(offset);
  }

  private void requireOpen() {
    if (closed) {
      throw new ClosedException(
          ErrorCode.CLOSED, "block store in zstd-memory is closed; open it again");
    }
  }

  private void requireSlot(int slot) {
    if (slot < 0 || slot >= slots) {
      throw new CallerException(ErrorCode.OUT_OF_BOUNDS, "slot " + slot + " is not below " + slots);
    }
  }

  private static MemorySegment gather(List<Region> source, long byteSize, Arena arena) {
    if (source.size() == 1 && host(source.getFirst()).isNative()) {
      return host(source.getFirst());
    }
    MemorySegment plain = arena.allocate(Math.max(1, byteSize), 64).asSlice(0, byteSize);
    long at = 0;
    for (Region part : source) {
      MemorySegment bytes = host(part);
      MemorySegment.copy(bytes, 0, plain, at, bytes.byteSize());
      at += bytes.byteSize();
    }
    return plain;
  }

  private static void scatter(MemorySegment plain, List<Region> target) {
    long at = 0;
    for (Region part : target) {
      MemorySegment bytes = host(part);
      MemorySegment.copy(plain, at, bytes, 0, bytes.byteSize());
      at += bytes.byteSize();
    }
  }

  private static long lengthOf(List<Region> regions) {
    return regions.stream().mapToLong(Region::byteSize).sum();
  }

  private static MemorySegment host(Region region) {
    if (region instanceof Region.HostRegion host) {
      return host.segment();
    }
    throw new CallerException(
        ErrorCode.NOT_ACCESSIBLE,
        "zstd-memory takes host regions only, got " + region.getClass().getSimpleName());
  }
}
