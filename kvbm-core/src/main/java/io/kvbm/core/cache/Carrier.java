package io.kvbm.core.cache;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.storage.Region;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.store.ObjectStat;
import io.kvbm.api.store.ObjectStore;
import io.kvbm.core.transfer.TransferEngine;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Brings bytes of the host to the slab. Native memory that every thread may read is moved from
 * where it is; what lies on the heap, or in the arena of one thread, goes through a staging buffer
 * piece by piece. Threading: safe from any thread.
 */
final class Carrier {

  /** Some other thread: transports read on threads of their own. Never started. */
  private static final Thread OTHER = Thread.ofVirtual().unstarted(() -> {});

  private final TransferEngine transfers;
  private final Storage slab;
  private final StagingArea staging;

  Carrier(TransferEngine transfers, Storage slab, StagingArea staging) {
    this.transfers = transfers;
    this.slab = slab;
    this.staging = staging;
  }

  /** {@return whether another thread than the caller's may read the bytes} */
  static boolean isShared(MemorySegment data) {
    return data.isAccessibleBy(OTHER);
  }

  /** Copies bytes to the slab and waits for the end. */
  void carry(MemorySegment data, long targetOffset) {
    if (data.byteSize() == 0) {
      return;
    }
    if (data.isNative() && isShared(data)) {
      try (Storage bytes = new HostBytes(data)) {
        transfers.copy(bytes, 0, slab, targetOffset, data.byteSize());
      }
    } else {
      carryInPieces(data, targetOffset);
    }
  }

  private void carryInPieces(MemorySegment data, long targetOffset) {
    Storage buffer = staging.take(Math.min(data.byteSize(), StagingArea.BUFFER_BYTE_SIZE));
    try {
      for (long at = 0; at < data.byteSize(); at += buffer.byteSize()) {
        long piece = Math.min(buffer.byteSize(), data.byteSize() - at);
        MemorySegment.copy(data, at, buffer.mutableView(), 0, piece);
        transfers.copy(buffer, 0, slab, targetOffset + at, piece);
      }
    } finally {
      staging.giveBack(buffer);
    }
  }

  /** Copies an object that was read to the slab and waits for the end. */
  void carry(StagedObject object, long targetOffset) {
    transfers.copy(object.buffer(), 0, slab, targetOffset, object.byteSize());
  }

  /**
   * Reads an object whole.
   *
   * @param store where it is
   * @param key its key
   * @param checkByteSize throws where the object is too large
   * @return its bytes, which the caller closes, or null if there is none
   */
  @Nullable StagedObject read(ObjectStore store, String key, LongConsumer checkByteSize) {
    while (true) {
      Optional<ObjectStat> stat = store.stat(key);
      if (stat.isEmpty()) {
        return null;
      }
      checkByteSize.accept(stat.get().byteSize());
      try {
        return read(store, stat.get());
      } catch (CallerException e) {
        // Unless it was replaced by a longer one in between, nothing was read.
        if (e.code() != ErrorCode.OUT_OF_BOUNDS || store.stat(key).equals(stat)) {
          throw e;
        }
      }
    }
  }

  private @Nullable StagedObject read(ObjectStore store, ObjectStat stat) {
    Storage buffer = staging.take(Math.max(1, stat.byteSize()));
    boolean kept = false;
    try {
      MemorySegment target = buffer.mutableView().asSlice(0, stat.byteSize());
      Optional<ObjectStat> read = store.get(stat.key(), new Region.HostRegion(target));
      if (read.isEmpty()) {
        return null;
      }
      kept = true;
      return new StagedObject(buffer, read.get().byteSize(), staging);
    } finally {
      if (!kept) {
        staging.giveBack(buffer);
      }
    }
  }
}
