package io.kvbm.backend.system;

import io.kvbm.api.CallerException;
import io.kvbm.api.ConfigurationException;
import io.kvbm.api.CorruptionException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.spi.BackendContext;
import io.kvbm.api.spi.Gate;
import io.kvbm.api.storage.AllocationRequest;
import io.kvbm.api.storage.Region;
import io.kvbm.api.store.BlockRead;
import io.kvbm.api.store.BlockStore;
import io.kvbm.api.store.BlockStoreFactory;
import io.kvbm.api.store.BlockWrite;
import io.kvbm.api.store.RecoveryReport;
import io.kvbm.api.store.StoredBlock;
import io.kvbm.api.transfer.TransferCompletion;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Consumer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/** Blocks in one run of host memory; what the slots hold is kept beside it. Forgotten on close. */
final class MemoryBlockStore implements BlockStore {

  private static final int CHECKSUM_STEP = 1 << 30;

  private final int slots;
  private final long slotByteSize;
  private final HostBlock memory;
  private final BackendContext context;
  private final OpenStores open;
  private final Gate gate = new Gate("block store in system memory");
  private final AtomicReferenceArray<@Nullable Header> headers;

  /** What a slot holds. */
  private record Header(BlockKey key, long generation, long byteSize, int checksum) {}

  MemoryBlockStore(
      BlockStoreFactory.Spec spec,
      StoreMemory storeMemory,
      BackendContext context,
      OpenStores open) {
    this.slots = spec.slots();
    this.slotByteSize = spec.slotByteSize();
    this.context = context;
    this.open = open;
    this.memory = storeMemory.reserve(totalByteSize(spec), AllocationRequest.DEFAULT_ALIGNMENT);
    this.headers = new AtomicReferenceArray<>(slots);
  }

  private static long totalByteSize(BlockStoreFactory.Spec spec) {
    try {
      return Math.multiplyExact(spec.slotByteSize(), (long) spec.slots());
    } catch (ArithmeticException e) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG,
          "%d slots of %d bytes exceed 2^63-1 bytes".formatted(spec.slots(), spec.slotByteSize()),
          e);
    }
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
    gate.enter();
    gate.leave();
    return RecoveryReport.EMPTY;
  }

  @Override
  public void write(List<BlockWrite> writes, TransferCompletion completion) {
    long byteSize = 0;
    for (BlockWrite write : writes) {
      byteSize += lengthOf(write.source());
    }
    start(writes.size(), block -> store(writes.get(block)), byteSize, completion);
  }

  @Override
  public void read(List<BlockRead> reads, TransferCompletion completion) {
    long byteSize = 0;
    for (BlockRead read : reads) {
      byteSize += lengthOf(read.target());
    }
    start(reads.size(), block -> load(reads.get(block)), byteSize, completion);
  }

  private void start(
      int blockCount, BlockSteps.Step step, long byteSize, TransferCompletion completion) {
    BlockSteps.Step admitted = step;
    Runnable afterLast = gate::leave;
    try {
      gate.enter();
    } catch (KvbmException closed) {
      admitted =
          _ -> {
            throw closed;
          };
      afterLast = () -> {};
    }
    new BlockSteps(blockCount, admitted, completion, afterLast, context.logger())
        .start(byteSize, context.computeExecutor(), context.computeParallelism());
  }

  private long store(BlockWrite write) {
    checkSlot(write.slot());
    long byteSize = lengthOf(write.source());
    if (byteSize > slotByteSize) {
      throw new CallerException(
          ErrorCode.OUT_OF_BOUNDS,
          "block %s of %d bytes does not fit a slot of %d bytes"
              .formatted(write.key(), byteSize, slotByteSize));
    }
    headers.set(
        write.slot(), null); // a write that fails on the way leaves nothing that looks whole
    MemorySegment slot = slot(write.slot());
    long at = 0;
    for (Region part : write.source()) {
      MemorySegment bytes = host(part);
      MemorySegment.copy(bytes, 0, slot, at, bytes.byteSize());
      at += bytes.byteSize();
    }
    CRC32C checksum = new CRC32C();
    update(checksum, slot.asSlice(0, byteSize));
    if (!write.matches((int) checksum.getValue())) {
      throw new CorruptionException(
          ErrorCode.CORRUPT,
          "block %s was damaged on its way to slot %d; it is not kept"
              .formatted(write.key(), write.slot()));
    }
    headers.set(
        write.slot(),
        new Header(write.key(), write.generation(), byteSize, (int) checksum.getValue()));
    return byteSize;
  }

  private long load(BlockRead read) {
    checkSlot(read.slot());
    Header header = headers.get(read.slot());
    check(read, header);
    MemorySegment slot = slot(read.slot());
    CRC32C checksum = new CRC32C();
    long at = 0;
    for (Region part : read.target()) {
      MemorySegment bytes = host(part);
      MemorySegment.copy(slot, at, bytes, 0, bytes.byteSize());
      update(checksum, bytes); // of what the caller gets, so that the copy is covered too
      at += bytes.byteSize();
    }
    if ((int) checksum.getValue() != header.checksum()) {
      throw corrupt(read, "its bytes changed in memory (checksum)");
    }
    return at;
  }

  private static void check(BlockRead read, @Nullable Header header) {
    if (header == null) {
      throw new CallerException(
          ErrorCode.NOT_FOUND,
          "slot %d holds no block, wanted %s".formatted(read.slot(), read.key()));
    }
    if (!header.key().equals(read.key())) {
      throw corrupt(read, "it holds block " + header.key());
    }
    if (header.generation() != read.generation()) {
      throw corrupt(
          read, "generation %d, wanted %d".formatted(header.generation(), read.generation()));
    }
    if (lengthOf(read.target()) != header.byteSize()) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "block %s in slot %d has %d bytes, the target %d"
              .formatted(read.key(), read.slot(), header.byteSize(), lengthOf(read.target())));
    }
  }

  private static CorruptionException corrupt(BlockRead read, String why) {
    return new CorruptionException(
        ErrorCode.CORRUPT,
        "slot %d does not give block %s: %s".formatted(read.slot(), read.key(), why));
  }

  @Override
  public void invalidate(int slot, long generation) {
    gate.enter();
    try {
      checkSlot(slot);
      Header header = headers.get(slot);
      if (header != null && header.generation() == generation) {
        headers.compareAndSet(slot, header, null);
      }
    } finally {
      gate.leave();
    }
  }

  @Override
  public void close() {
    if (gate.close()) {
      open.forget(this);
      memory.free();
    }
  }

  /** Changes one stored byte behind the checksum's back; for tests. */
  void damage(int slot, long offset) {
    MemorySegment bytes = slot(slot);
    byte former = bytes.get(ValueLayout.JAVA_BYTE, offset);
    bytes.set(ValueLayout.JAVA_BYTE, offset, (byte) ~former);
  }

  private void checkSlot(int slot) {
    if (slot < 0 || slot >= slots) {
      throw new CallerException(ErrorCode.OUT_OF_BOUNDS, "slot " + slot + " is not below " + slots);
    }
  }

  private MemorySegment slot(int slot) {
    return memory.segment().asSlice(slot * slotByteSize, slotByteSize);
  }

  private static long lengthOf(List<Region> regions) {
    long byteSize = 0;
    for (Region region : regions) {
      byteSize += region.byteSize();
    }
    return byteSize;
  }

  private static MemorySegment host(Region region) {
    if (region instanceof Region.HostRegion host) {
      return host.segment();
    }
    throw new CallerException(
        ErrorCode.NOT_ACCESSIBLE,
        "a block store in system memory takes host regions only, got "
            + region.getClass().getSimpleName());
  }

  private static void update(CRC32C checksum, MemorySegment bytes) {
    for (long at = 0; at < bytes.byteSize(); at += CHECKSUM_STEP) {
      long length = Math.min(CHECKSUM_STEP, bytes.byteSize() - at);
      checksum.update(bytes.asSlice(at, length).asByteBuffer());
    }
  }
}
