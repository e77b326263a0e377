package io.kvbm.cli.replay;

import io.kvbm.api.store.BlockStore;
import io.kvbm.api.store.BlockStoreFactory;
import java.util.function.UnaryOperator;

/**
 * Block stores with something between them and who opens them.
 *
 * @param stores opens the stores
 * @param change puts something before a store that was opened
 */
record ChangedStores(BlockStoreFactory stores, UnaryOperator<BlockStore> change)
    implements BlockStoreFactory {

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
    return change.apply(stores.open(spec));
  }
}
