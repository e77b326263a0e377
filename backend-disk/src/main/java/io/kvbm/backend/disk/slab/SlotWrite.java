package io.kvbm.backend.disk.slab;

import io.kvbm.api.CallerException;
import io.kvbm.api.CorruptionException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.storage.Region;
import io.kvbm.api.store.BlockWrite;
import io.kvbm.backend.disk.io.IoRequest;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Gathers a block behind its header and writes both at once.
 *
 * <p>One write instead of body first, header last: a torn one leaves a header whose checksums do
 * not fit what follows, whatever part of it arrived. The block then is a miss, as it is where the
 * power is cut between two writes. Half as many requests, and nothing to order.
 */
final class SlotWrite extends SlotOperation {

  private final BlockWrite write;
  private long byteSize;
  private boolean begun;
  private boolean wasQuarantined;
  private @Nullable SlotHeader header;

  SlotWrite(SlabStore store, SlabBatch batch, int block, BlockWrite write) {
    super(store, batch, block, write.slot());
    this.write = write;
  }

  @Override
  void admit() {
    store.checkSlot(slot);
    byteSize = lengthOf(write.source());
    if (byteSize > store.slotByteSize()) {
      throw new CallerException(
          ErrorCode.OUT_OF_BOUNDS,
          "block %s of %d bytes does not fit a slot of %d bytes"
              .formatted(write.key(), byteSize, store.slotByteSize()));
    }
    if (!store.table().tryWrite(slot)) {
      throw busy();
    }
    try {
      long written = DiskPages.PAGE + DiskPages.up(byteSize);
      store.admission().admit(write.key(), written, write.priority());
    } catch (KvbmException e) {
      store.table().endWrite(slot);
      throw e;
    }
  }

  @Override
  void releaseSlot() {
    store.table().endWrite(slot);
  }

  @Override
  boolean isWriteLike() {
    return true;
  }

  @Override
  long byteSize() {
    return byteSize;
  }

  @Override
  IoRequest prepare(MemorySegment memory) {
    MemorySegment body = memory.asSlice(DiskPages.PAGE, DiskPages.up(byteSize));
    long at = 0;
    for (Region part : write.source()) {
      MemorySegment bytes = host(part);
      MemorySegment.copy(bytes, 0, body, at, bytes.byteSize());
      at += bytes.byteSize();
    }
    body.asSlice(byteSize).fill((byte) 0); // what another block left there is none of this one's
    // Of what is written, not of the source: its owner might change it meanwhile.
    int checksum = DiskPages.checksum(body.asSlice(0, byteSize));
    if (!write.matches(checksum)) {
      throw new CorruptionException(
          ErrorCode.CORRUPT,
          "block %s was damaged on its way to slot %d: CRC32C %08x, not %08x; it is not kept"
              .formatted(write.key(), slot, checksum, write.checksum()));
    }
    SlotHeader made = store.headerOf(write, byteSize, checksum);
    made.writeTo(memory.asSlice(0, DiskPages.PAGE));
    header = made;
    wasQuarantined = store.table().beginOverwrite(slot) == SlotTable.QUARANTINED;
    begun = true;
    return IoRequest.write(
        store.extentOf(slot).file(),
        store.layout().positionOf(slot),
        memory.asSlice(0, DiskPages.PAGE + body.byteSize()),
        this);
  }

  @Override
  Runnable finish(MemorySegment memory) {
    store.table().enter(slot, Objects.requireNonNull(header));
    store.meters().written(DiskPages.PAGE + DiskPages.up(byteSize), wasQuarantined);
    return () -> batch.done(block, byteSize);
  }

  @Override
  void onFailure() {
    if (begun) {
      store.meters().writeFailed(wasQuarantined);
    }
  }
}
