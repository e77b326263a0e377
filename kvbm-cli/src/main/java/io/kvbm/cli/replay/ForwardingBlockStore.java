package io.kvbm.cli.replay;

import io.kvbm.api.store.BlockRead;
import io.kvbm.api.store.BlockStore;
import io.kvbm.api.store.BlockWrite;
import io.kvbm.api.store.RecoveryReport;
import io.kvbm.api.store.StoredBlock;
import io.kvbm.api.transfer.TransferCompletion;
import java.util.List;
import java.util.function.Consumer;

/** Another store as it is; a base for those that change something about it. */
class ForwardingBlockStore implements BlockStore {

  private final BlockStore store;

  ForwardingBlockStore(BlockStore store) {
    this.store = store;
  }

  @Override
  public int slots() {
    return store.slots();
  }

  @Override
  public long slotByteSize() {
    return store.slotByteSize();
  }

  @Override
  public RecoveryReport recover(Consumer<StoredBlock> found) {
    return store.recover(found);
  }

  @Override
  public void write(List<BlockWrite> writes, TransferCompletion completion) {
    store.write(writes, completion);
  }

  @Override
  public void read(List<BlockRead> reads, TransferCompletion completion) {
    store.read(reads, completion);
  }

  @Override
  public void invalidate(int slot, long generation) {
    store.invalidate(slot, generation);
  }

  @Override
  public void close() {
    store.close();
  }
}
