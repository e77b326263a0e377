package io.kvbm.core.objects;

import io.kvbm.api.spi.Clock;
import io.kvbm.api.store.BlockStore;
import io.kvbm.api.store.BlockStoreFactory;
import io.kvbm.api.store.ObjectStoreFactory;
import io.kvbm.api.store.OpenMode;
import java.util.UUID;
import java.util.concurrent.Executor;

/**
 * Makes tiers of the object stores of a backend. Blocks of one fingerprint lie in one location;
 * several processes may use it at once.
 *
 * @param objects opens the object stores
 * @param isPersistent whether objects survive a restart
 * @param sharing whose blocks may be deleted
 * @param inFlight how many objects a store moves at once, at least 1
 * @param executor does it; its threads block
 * @param clock when the names of blocks are listed anew
 */
public record ObjectBlockStores(
    ObjectStoreFactory objects,
    boolean isPersistent,
    ObjectBlocks.Sharing sharing,
    int inFlight,
    Executor executor,
    Clock clock)
    implements BlockStoreFactory {

  @Override
  public String storageKind() {
    return objects.storageKind();
  }

  @Override
  public BlockStore open(Spec spec) {
    String location = "blocks/%016x".formatted(spec.fingerprint());
    long owner = UUID.randomUUID().getMostSignificantBits();
    return new ObjectBlocks(
        objects.open(location, OpenMode.WRITE), spec, sharing, owner, inFlight, executor, clock);
  }
}
