package io.kvbm.testkit.broken;

import io.kvbm.api.CallerException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.CorruptionException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.storage.Region;
import io.kvbm.api.store.BlockRead;
import io.kvbm.api.store.BlockStore;
import io.kvbm.api.store.BlockStoreFactory;
import io.kvbm.api.store.BlockWrite;
import io.kvbm.api.store.RecoveryReport;
import io.kvbm.api.store.StoredBlock;
import io.kvbm.api.transfer.TransferCompletion;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.zip.CRC32C;

/** Keeps blocks on the heap soundly, as long as its backend is open. */
class MemoryBlocks implements BlockStoreFactory {

  private final ReferenceState state;
  final Map<Integer, Held> blocks = new ConcurrentHashMap<>();

  MemoryBlocks(ReferenceState state) {
    this.state = state;
  }

  /** A block as it was written. */
  record Held(StoredBlock block, byte[] bytes, long checksum) {}

  @Override
  public String storageKind() {
    return "system";
  }

  @Override
  public boolean isPersistent() {
    return true;
  }

  @Override
  public BlockStore open(Spec spec) {
    state.requireOpen();
    return new Store(spec);
  }

  /** {@return whether the block in the slot is the one asked for} */
  boolean matches(StoredBlock held, BlockRead read) {
    return held.key().equals(read.key()) && held.generation() == read.generation();
  }

  /** {@return whether bytes to be written are those their writer meant} */
  boolean isAsSent(BlockWrite write, byte[] arrived) {
    return write.matches((int) checksum(arrived));
  }

  /** {@return whether the bytes are those written} */
  boolean isWhole(Held held) {
    return checksum(held.bytes) == held.checksum;
  }

  /** What is done to the bytes on their way to the reader. */
  void copy(byte[] bytes, int from, MemorySegment target) {
    MemorySegment.copy(MemorySegment.ofArray(bytes), from, target, 0, target.byteSize());
  }

  static long checksum(byte[] bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    return crc.getValue();
  }

  /** An open store. */
  final class Store implements BlockStore {
    private final Spec spec;
    private volatile boolean closed;

    Store(Spec spec) {
      this.spec = spec;
    }

    void damage(int slot) {
      blocks.get(slot).bytes[0]++;
    }

    @Override
    public int slots() {
      return spec.slots();
    }

    @Override
    public long slotByteSize() {
      return spec.slotByteSize();
    }

    @Override
    public RecoveryReport recover(Consumer<StoredBlock> found) {
      blocks.values().removeIf(held -> held.block.fingerprint() != spec.fingerprint());
      blocks.values().forEach(held -> found.accept(held.block));
      return new RecoveryReport(blocks.size(), 0, 0);
    }

    @Override
    public void write(List<BlockWrite> writes, TransferCompletion completion) {
      run(writes, completion, this::write);
    }

    @Override
    public void read(List<BlockRead> reads, TransferCompletion completion) {
      run(reads, completion, this::read);
    }

    private <T> void run(List<T> all, TransferCompletion completion, Step<T> step) {
      for (int block = 0; block < all.size(); block++) {
        try {
          requireOpen();
          if (completion.isCancelled()) {
            completion.cancelled(block);
          } else {
            completion.done(block, step.run(all.get(block)));
          }
        } catch (KvbmException e) {
          completion.failed(block, e);
        }
      }
      completion.drained();
    }

    private long write(BlockWrite write) {
      checkSlot(write.slot());
      long byteSize = write.source().stream().mapToLong(Region::byteSize).sum();
      if (byteSize > spec.slotByteSize()) {
        throw new CallerException(
            ErrorCode.OUT_OF_BOUNDS, byteSize + " bytes do not fit " + spec.slotByteSize());
      }
      byte[] bytes = new byte[(int) byteSize];
      long at = 0;
      for (Region piece : write.source()) {
        MemorySegment segment = ((Region.HostRegion) piece).segment();
        MemorySegment.copy(segment, 0, MemorySegment.ofArray(bytes), at, segment.byteSize());
        at += segment.byteSize();
      }
      if (!isAsSent(write, bytes)) {
        throw new CorruptionException(
            ErrorCode.CORRUPT, "block " + write.key() + " was damaged on its way");
      }
      StoredBlock block =
          new StoredBlock(
              write.slot(),
              write.key(),
              write.parent(),
              write.generation(),
              spec.fingerprint(),
              write.priority());
      blocks.put(write.slot(), new Held(block, bytes, checksum(bytes)));
      return byteSize;
    }

    private long read(BlockRead read) {
      checkSlot(read.slot());
      Held held = blocks.get(read.slot());
      if (held == null) {
        throw new CallerException(ErrorCode.NOT_FOUND, "slot " + read.slot() + " is empty");
      }
      if (!matches(held.block, read) || !isWhole(held)) {
        throw new CorruptionException(
            ErrorCode.CORRUPT, "slot " + read.slot() + " holds another block or damaged bytes");
      }
      if (read.target().stream().mapToLong(Region::byteSize).sum() != held.bytes.length) {
        throw new CallerException(ErrorCode.OUT_OF_BOUNDS, "the target has another length");
      }
      int at = 0;
      for (Region piece : read.target()) {
        MemorySegment segment = ((Region.HostRegion) piece).segment();
        copy(held.bytes, at, segment);
        at += (int) segment.byteSize();
      }
      return held.bytes.length;
    }

    private void checkSlot(int slot) {
      if (slot < 0 || slot >= spec.slots()) {
        throw new CallerException(
            ErrorCode.INVALID_ARGUMENT, "slot " + slot + " is not below " + spec.slots());
      }
    }

    private void requireOpen() {
      state.requireOpen();
      if (closed) {
        throw new ClosedException(ErrorCode.CLOSED, "the block store is closed");
      }
    }

    @Override
    public void invalidate(int slot, long generation) {
      blocks.computeIfPresent(
          slot, (_, held) -> held.block.generation() == generation ? null : held);
    }

    @Override
    public void close() {
      if (!closed) {
        closed = true;
        closed();
      }
    }
  }

  /** Called when a store was closed. */
  void closed() {}

  private interface Step<T> {
    long run(T block);
  }
}
