package io.kvbm.backend.pinned;

/**
 * How memory is locked.
 *
 * @param slabByteSize what is had at once for small storages, in bytes
 * @param budget the most bytes taken
 * @param hugePages whether huge pages are asked for
 * @param numaNode which node's memory is asked for; -1 for that of whoever touches it first
 * @param isWriteCombined whether the CPU writes past its caches; with CUDA only
 * @param fallback whether memory that cannot be locked is taken all the same
 */
record PinnedOptions(
    long slabByteSize,
    long budget,
    boolean hugePages,
    int numaNode,
    boolean isWriteCombined,
    boolean fallback) {

  static final long DEFAULT_SLAB_BYTE_SIZE = 64L << 20;

  static final PinnedOptions DEFAULT =
      new PinnedOptions(DEFAULT_SLAB_BYTE_SIZE, Long.MAX_VALUE, true, -1, false, true);
}
