package io.kvbm.backend.remote.tcp;

import io.kvbm.api.KvbmException;
import io.netty.channel.ChannelFuture;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** One read or write on the wire: a part of a block. Used on its stream's event loop alone. */
final class DataRequest {

  final Batch batch;
  final int block;
  final boolean read;
  final byte[] key;
  final long offset;
  final MemorySegment local;
  final long queuedAt;
  long sentAt;
  long number;
  @Nullable ChannelFuture written;
  private boolean over;

  DataRequest(
      Batch batch,
      int block,
      boolean read,
      byte[] key,
      long offset,
      MemorySegment local,
      long queuedAt) {
    this.batch = batch;
    this.block = block;
    this.read = read;
    this.key = key;
    this.offset = offset;
    this.local = local;
    this.queuedAt = queuedAt;
  }

  int byteSize() {
    return (int) local.byteSize();
  }

  /** {@return whether its outcome was told; its memory is not touched from then on} */
  boolean isOver() {
    return over;
  }

  void moved() {
    over = true;
    batch.moved(block, byteSize());
  }

  void failed(KvbmException cause) {
    over = true;
    batch.failed(block, cause);
  }

  void skipped() {
    over = true;
    batch.skipped(block);
  }
}
