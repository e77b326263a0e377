package io.kvbm.backend.disk.slab;

import io.kvbm.api.block.BlockKey;
import io.kvbm.api.policy.AdmissionPolicy;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Admits a block at its second sighting: what is seen once is mostly not seen again, and is not
 * worth the wear. Remembers as many blocks as it has entries; a newer one takes an older one's
 * place, so that memory is bounded and old sightings fade.
 *
 * <p>Threading: safe from any thread.
 */
final class RejectFirst implements AdmissionPolicy {

  private final AtomicLongArray seen;

  /**
   * @param entries blocks to remember; rounded up to a power of two
   */
  RejectFirst(int entries) {
    this.seen = new AtomicLongArray(Integer.highestOneBit(Math.max(2, entries) - 1) << 1);
  }

  @Override
  public boolean admit(BlockKey key, long byteSize, long priority) {
    long mixed = (key.lo() ^ key.hi()) * 0x9E3779B97F4A7C15L;
    int place = (int) (mixed >>> 33) & (seen.length() - 1);
    long mark = key.hi() | 1; // never 0, which is no mark
    return seen.getAndSet(place, mark) == mark;
  }
}
