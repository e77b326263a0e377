package io.kvbm.backend.disk;

import io.kvbm.api.Stability;

/** How an {@link NvmeStore} compresses new values; any store reads what any of them wrote. */
@Stability(Stability.Level.PREVIEW)
public enum CompressionType {
  /** Not at all. */
  NONE(0),
  /** Fast. */
  LZ4(1),
  /** Smaller. */
  ZSTD(2),
  /** Known everywhere. */
  GZIP(3);

  /** Stored with each value, so it never changes. */
  private final int code;

  CompressionType(int code) {
    this.code = code;
  }

  /** {@return the number that stands for it in files} */
  int code() {
    return code;
  }
}
