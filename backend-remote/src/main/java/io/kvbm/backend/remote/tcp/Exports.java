package io.kvbm.backend.remote.tcp;

import io.kvbm.api.CallerException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** What an agent exports, by key. Threading: safe from any thread. */
final class Exports {

  private final Map<ByteBuffer, Export> byKey = new ConcurrentHashMap<>();

  void add(Export export) {
    byKey.put(ByteBuffer.wrap(export.exported.key()), export);
  }

  void remove(Export export) {
    byKey.remove(ByteBuffer.wrap(export.exported.key()), export);
  }

  List<Export> all() {
    return List.copyOf(byKey.values());
  }

  /** {@return the export a peer may use, or null} */
  @Nullable Export find(byte[] key, String peer) {
    Export export = byKey.get(ByteBuffer.wrap(key));
    return export != null && export.access.admits(peer) ? export : null;
  }

  /**
   * {@return the export a peer may use, entered for its connection: whoever asked leaves it}
   *
   * @throws KvbmException if it may not; one that is not the peer's looks like none
   */
  Export enter(byte[] key, long offset, long length, boolean write, String peer, Connection user) {
    Export export = byKey.get(ByteBuffer.wrap(key));
    if (export == null) {
      throw new ClosedException(
          ErrorCode.CLOSED, "the storage is not exported, or no longer; ask for its export again");
    }
    if (!export.access.admits(peer)) {
      throw new CallerException(
          ErrorCode.NOT_ALLOWED, "the storage is not exported to agent '%s'".formatted(peer));
    }
    if (write && !export.access.writable()) {
      throw new CallerException(ErrorCode.NOT_ALLOWED, "the storage is exported for reading only");
    }
    long byteSize = export.exported.byteSize();
    if (offset < 0 || length < 0 || offset > byteSize - length) {
      throw new CallerException(
          ErrorCode.OUT_OF_BOUNDS,
          "bytes [%d, %d + %d) leave the export of %d bytes"
              .formatted(offset, offset, length, byteSize));
    }
    if (!export.enter(user)) {
      throw new ClosedException(ErrorCode.CLOSED, "the storage is exported no longer");
    }
    return export;
  }
}
