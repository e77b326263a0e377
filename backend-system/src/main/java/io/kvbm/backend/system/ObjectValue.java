package io.kvbm.backend.system;

import io.kvbm.api.store.ObjectStat;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** One value of an object store, immutable. Kept alive by those that hold it. */
final class ObjectValue {

  /** When a value without a time to live expires. */
  static final long NEVER = Long.MAX_VALUE;

  private final @Nullable SharedBlock block;
  private final long byteSize;
  private final long expiresAfterNanos;
  private final long createdNanos;
  private final long version;

  /**
   * @param block the bytes, the first of them the value's first; null where there are none
   * @param byteSize how many of them are the value
   * @param createdNanos when it was put
   * @param expiresAfterNanos how long after that it expires, or {@link #NEVER}
   * @param version its version
   */
  ObjectValue(
      @Nullable SharedBlock block,
      long byteSize,
      long createdNanos,
      long expiresAfterNanos,
      long version) {
    this.block = block;
    this.byteSize = byteSize;
    this.createdNanos = createdNanos;
    this.expiresAfterNanos = expiresAfterNanos;
    this.version = version;
  }

  MemorySegment bytes() {
    return block == null ? MemorySegment.NULL : block.segment().asSlice(0, byteSize);
  }

  ObjectStat stat(String key) {
    return new ObjectStat(key, byteSize, version);
  }

  long version() {
    return version;
  }

  boolean isExpired(long nowNanos) {
    return expiresAfterNanos != NEVER && nowNanos - createdNanos >= expiresAfterNanos;
  }

  void retain() {
    if (block != null) {
      block.retain();
    }
  }

  void release() {
    if (block != null) {
      block.release();
    }
  }
}
