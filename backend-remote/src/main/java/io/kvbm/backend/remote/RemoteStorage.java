package io.kvbm.backend.remote;

import io.kvbm.api.Stability;
import io.kvbm.api.remote.RemotePeer;
import io.kvbm.api.storage.AbstractStorage;
import io.kvbm.api.storage.StorageType;

/**
 * Memory of another agent: a mapped export, or memory reserved there. It has no bytes here; the
 * backend's transport moves them. Ownership: whoever mapped or allocated it closes it.
 */
@Stability(Stability.Level.PREVIEW)
public abstract class RemoteStorage extends AbstractStorage {

  /**
   * Creates the storage.
   *
   * @param byteSize its length in bytes
   */
  protected RemoteStorage(long byteSize) {
    super(StorageType.REMOTE, 0, byteSize);
  }

  /** {@return whose memory it is} */
  public abstract RemotePeer peer();

  @Override
  public final boolean isHostAccessible() {
    return false;
  }
}
