package io.kvbm.cli.replay;

import io.kvbm.api.block.BlockKey;
import io.kvbm.api.store.BlockStore;
import io.kvbm.api.store.BlockStoreFactory;
import io.kvbm.api.store.RecoveryReport;
import io.kvbm.api.store.StoredBlock;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Consumer;

/**
 * What the disk tier had from a former run, and how much of it this run used: stands between the
 * tier and its store and notes the blocks that are recovered. For one replay, on its thread.
 */
final class WarmBlocks implements BlockStoreFactory {

  private final BlockStoreFactory stores;
  private final Set<BlockKey> unused = new HashSet<>();
  private int recovered;
  private int hits;
  private long recoveryNanos;

  WarmBlocks(BlockStoreFactory stores) {
    this.stores = stores;
  }

  /** {@return blocks a former run had left} */
  int recovered() {
    return recovered;
  }

  /** {@return how many different ones of them were served from the disk tier at least once} */
  int hits() {
    return hits;
  }

  /** {@return how long it took to find them} */
  long recoveryNanos() {
    return recoveryNanos;
  }

  /** A block was served from the disk tier. */
  void served(BlockKey key) {
    if (unused.remove(key)) {
      hits++;
    }
  }

  @Override
  public String storageKind() {
    return stores.storageKind();
  }

  @Override
  public boolean isPersistent() {
    return stores.isPersistent();
  }

  @Override
  public BlockStore open(Spec spec) {
    return new NotingStore(stores.open(spec));
  }

  private void found(StoredBlock block) {
    if (unused.add(block.key())) {
      recovered++;
    }
  }

  /** The store, but for recovery as it is. */
  private final class NotingStore extends ForwardingBlockStore {

    private NotingStore(BlockStore store) {
      super(store);
    }

    @Override
    public RecoveryReport recover(Consumer<StoredBlock> consumer) {
      RecoveryReport report =
          super.recover(
              block -> {
                found(block);
                consumer.accept(block);
              });
      recoveryNanos = report.elapsedNanos();
      return report;
    }
  }
}
