package io.kvbm.api.block;

import io.kvbm.api.Stability;
import io.kvbm.api.storage.Region;
import io.kvbm.api.storage.Storage;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * The bytes of one (layer, outer) region of a block, writable. It owns nothing and is valid while
 * the handle it came from is open.
 *
 * @param storage the storage that holds the bytes
 * @param offset where they start in it, in bytes
 * @param byteSize how many there are
 */
@Stability(Stability.Level.STABLE)
public record LayerViewMut(Storage storage, long offset, long byteSize) {

  /** Checks that there is a storage. */
  public LayerViewMut {
    Objects.requireNonNull(storage, "storage");
  }

  /** {@return the bytes, writable; fails with NOT_ACCESSIBLE where the CPU cannot reach them} */
  public MemorySegment segment() {
    return storage.mutableView().asSlice(offset, byteSize);
  }

  /** {@return the bytes as a region for transports} */
  public Region region() {
    return storage.region().slice(offset, byteSize);
  }
}
