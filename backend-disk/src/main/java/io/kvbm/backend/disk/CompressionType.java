package io.kvbm.backend.disk;

import io.kvbm.api.Stability;

/** How an {@link NvmeStore} compresses new values; any store reads what any of them wrote. */
@Stability(Stability.Level.PREVIEW)
public enum CompressionType {
  /** Not at all. */
  NONE,
  /** Fast. */
  LZ4,
  /** Smaller. */
  ZSTD,
  /** Known everywhere. */
  GZIP
}
