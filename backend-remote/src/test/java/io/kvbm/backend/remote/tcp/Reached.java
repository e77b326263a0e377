package io.kvbm.backend.remote.tcp;

import io.kvbm.api.remote.RemotePeer;
import io.kvbm.api.storage.Storage;
import io.kvbm.testkit.RecordingCompletion;
import io.netty.channel.ChannelOption;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Looks at how the memory of a peer is reached. */
public final class Reached {

  private Reached() {}

  /** {@return whether a read of a peer's storage would go by the data path now} */
  public static boolean byPath(Storage remote) {
    MappedStorage mapped = (MappedStorage) remote;
    PeerPath path = mapped.link.path();
    MemorySegment local = Arena.ofAuto().allocate(1);
    Batch batch = new Batch(new RecordingCompletion(1), new int[] {1});
    return path != null
        && path.isUsed()
        && path.covers(new DataRequest(batch, 0, true, mapped.key, 0, local, 0));
  }

  /** {@return whether it was measured which transport is faster} */
  public static boolean decided(Storage remote) {
    PeerPath path = ((MappedStorage) remote).link.path();
    return path != null && path.isDecided();
  }

  /** Lets the sockets to a peer hold little that it has not taken. */
  public static void narrow(RemotePeer peer) {
    for (ClientStream stream : ((Link) peer).streams) {
      stream.channel().config().setOption(ChannelOption.SO_SNDBUF, 4096);
    }
  }
}
