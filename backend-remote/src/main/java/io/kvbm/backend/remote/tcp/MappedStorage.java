package io.kvbm.backend.remote.tcp;

import io.kvbm.api.remote.RemotePeer;
import io.kvbm.api.storage.Region;
import io.kvbm.backend.remote.RemoteStorage;

/** Memory of a peer, by the key of its export. */
final class MappedStorage extends RemoteStorage {

  final Link link;
  final byte[] key;
  private final Runnable giveBack;

  MappedStorage(Link link, byte[] key, long byteSize, Runnable giveBack) {
    super(byteSize);
    this.link = link;
    this.key = key;
    this.giveBack = giveBack;
  }

  @Override
  public RemotePeer peer() {
    return link;
  }

  @Override
  protected Region openRegion() {
    return new Region.RemoteRegion(
        link.descriptor().name(), link.descriptor().generation(), key, 0, byteSize());
  }

  @Override
  protected void fill(byte value, long offset, long length) {
    link.fill(key, value, offset, length);
  }

  @Override
  protected void free() {
    if (link.isConnected()) {
      giveBack.run();
    }
  }
}
