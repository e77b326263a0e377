package io.kvbm.backend.disk.slab;

import io.kvbm.api.CallerException;
import io.kvbm.api.CorruptionException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.storage.Region;
import io.kvbm.api.store.BlockRead;
import io.kvbm.backend.disk.io.IoRequest;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Reads header and body at once, checks everything, and only then scatters the body into the
 * caller's memory.
 */
final class SlotRead extends SlotOperation {

  private final BlockRead read;
  private long byteSize;

  SlotRead(SlabStore store, SlabBatch batch, int block, BlockRead read) {
    super(store, batch, block, read.slot());
    this.read = read;
  }

  @Override
  void admit() {
    store.checkSlot(slot);
    byteSize = lengthOf(read.target());
    SlotTable table = store.table();
    if (!table.tryRead(slot)) {
      throw busy();
    }
    try {
      checkTable(table);
    } catch (KvbmException e) {
      table.endRead(slot);
      throw e;
    }
  }

  private void checkTable(SlotTable table) {
    switch (table.state(slot)) {
      case SlotTable.EMPTY -> {
        store.meters().missed("empty");
        throw new CallerException(
            ErrorCode.NOT_FOUND, "slot %d holds no block, wanted %s".formatted(slot, read.key()));
      }
      case SlotTable.QUARANTINED -> {
        store.meters().missed("quarantined");
        throw corrupt("it was found damaged before and is not read until it is rewritten");
      }
      default -> {
        BlockKey held = table.key(slot);
        if (!held.equals(read.key())) {
          store.meters().missed(SlotFault.KEY.text());
          throw corrupt("it holds block " + held);
        }
        if (table.generation(slot) != read.generation()) {
          store.meters().missed(SlotFault.GENERATION.text());
          throw corrupt(
              "generation %d, wanted %d".formatted(table.generation(slot), read.generation()));
        }
        long stored = table.byteSize(slot, store.layout().bodyByteSize());
        if (stored != byteSize) {
          throw new CallerException(
              ErrorCode.INVALID_ARGUMENT,
              "block %s in slot %d has %d bytes, the target %d"
                  .formatted(read.key(), slot, stored, byteSize));
        }
      }
    }
  }

  @Override
  void releaseSlot() {
    store.table().endRead(slot);
  }

  @Override
  boolean isWriteLike() {
    return false;
  }

  @Override
  long byteSize() {
    return byteSize;
  }

  @Override
  IoRequest prepare(MemorySegment memory) {
    return IoRequest.read(
        store.extentOf(slot).file(),
        store.layout().positionOf(slot),
        memory.asSlice(0, DiskPages.PAGE + DiskPages.up(byteSize)),
        this);
  }

  @Override
  Runnable finish(MemorySegment memory) {
    SlotFault fault = faultOf(memory);
    if (fault != null) {
      throw quarantined(fault);
    }
    long at = DiskPages.PAGE;
    for (Region part : read.target()) {
      MemorySegment bytes = host(part);
      MemorySegment.copy(memory, at, bytes, 0, bytes.byteSize());
      at += bytes.byteSize();
    }
    store.meters().hit(byteSize);
    return () -> batch.done(block, byteSize);
  }

  private @Nullable SlotFault faultOf(MemorySegment memory) {
    MemorySegment page = memory.asSlice(0, DiskPages.PAGE);
    SlotFault fault = store.checks().ofHeader(page, store.extentOf(slot), slot);
    if (fault != null) {
      return fault;
    }
    SlotHeader header = SlotHeader.readFrom(page);
    fault =
        store
            .checks()
            .ofBlock(header, read.key(), read.generation(), store.fingerprint(), byteSize);
    return fault != null
        ? fault
        : store.checks().ofBody(header, memory.asSlice(DiskPages.PAGE, byteSize));
  }

  private CorruptionException quarantined(SlotFault fault) {
    store.meters().missed(fault.text());
    if (store.table().quarantine(slot)) {
      store.meters().quarantined();
    }
    return corrupt(fault.words());
  }

  /** A file that ends too early was cut behind the store's back: the block is gone. */
  @Override
  KvbmException translate(KvbmException failure) {
    if (failure.code() == ErrorCode.OUT_OF_BOUNDS) {
      return quarantined(SlotFault.END);
    }
    store.meters().missed("io");
    return failure;
  }

  private CorruptionException corrupt(String why) {
    return new CorruptionException(
        ErrorCode.CORRUPT, "slot %d does not give block %s: %s".formatted(slot, read.key(), why));
  }
}
