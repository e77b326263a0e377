package io.kvbm.core.cache;

import org.jspecify.annotations.Nullable;

/** A run of bytes of the slab, free or taken. All fields are guarded by the cache's lock. */
final class SlabRange {

  final long offset;
  long byteSize;
  boolean free;

  /** The runs beside this one; together they cover the slab. */
  @Nullable SlabRange before;

  @Nullable SlabRange after;

  /** The value that lies here; null while the run is free, or taken and being filled. */
  @Nullable CachedValue occupant;

  SlabRange(long offset, long byteSize) {
    this.offset = offset;
    this.byteSize = byteSize;
  }
}
