package io.kvbm.cli.replay;

import io.kvbm.api.storage.Region;
import io.kvbm.api.store.BlockRead;
import io.kvbm.api.store.BlockStore;
import io.kvbm.api.store.BlockWrite;
import io.kvbm.api.transfer.TransferCompletion;
import io.kvbm.cli.replay.Faults.Fate;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** A block store with faults: damage is done to what is written before it comes, and to reads. */
final class FaultyBlockStore extends ForwardingBlockStore {

  private final Faults faults;

  FaultyBlockStore(BlockStore store, Faults faults) {
    super(store);
    this.faults = faults;
  }

  @Override
  public void write(List<BlockWrite> writes, TransferCompletion completion) {
    List<Fate> fates = faults.fates(writes.size());
    List<BlockWrite> sent = new ArrayList<>(writes.size());
    for (int i = 0; i < writes.size(); i++) {
      sent.add(fates.get(i) == Fate.IS_DAMAGED ? damaged(writes.get(i)) : writes.get(i));
    }
    super.write(sent, new FaultyCompletion(faults, fates, _ -> {}, completion));
  }

  /** The same write with other bytes; the garbage collector frees them once it is done. */
  private BlockWrite damaged(BlockWrite write) {
    long byteSize = write.source().stream().mapToLong(Region::byteSize).sum();
    MemorySegment copy = Arena.ofAuto().allocate(byteSize, 64);
    long at = 0;
    for (Region part : write.source()) {
      MemorySegment bytes = ((Region.HostRegion) part).segment();
      MemorySegment.copy(bytes, 0, copy, at, bytes.byteSize());
      at += bytes.byteSize();
    }
    faults.damage(copy);
    return new BlockWrite(
        write.slot(),
        write.key(),
        write.parent(),
        write.generation(),
        write.priority(),
        List.of(new Region.HostRegion(copy)),
        write.checksum());
  }

  @Override
  public void read(List<BlockRead> reads, TransferCompletion completion) {
    super.read(
        reads,
        new FaultyCompletion(
            faults,
            faults.fates(reads.size()),
            block -> faults.damage(reads.get(block).target()),
            completion));
  }
}
