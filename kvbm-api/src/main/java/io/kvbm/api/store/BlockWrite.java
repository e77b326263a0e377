package io.kvbm.api.store;

import io.kvbm.api.CallerException;
import io.kvbm.api.CorruptionException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.storage.Region;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One block to be written.
 *
 * @param slot where to; nobody reads or writes it until the write completes
 * @param key its identity, echoed in the store
 * @param parent the key of the block before it, or null for a first block
 * @param generation what a later read must name; above that of every earlier write to the slot
 * @param priority kept for recovery
 * @param source the bytes: host regions whose lengths add up to at most the slot's size, gathered
 *     in order
 * @param checksum the CRC32C of those bytes as whoever made them knew it, 0 to 2^32 - 1, or {@link
 *     #NO_CHECKSUM}; a store fails a block whose bytes have another one with {@link
 *     CorruptionException}, so that what was damaged on the way is not kept
 */
@Stability(Stability.Level.STABLE)
public record BlockWrite(
    int slot,
    BlockKey key,
    @Nullable BlockKey parent,
    long generation,
    int priority,
    List<Region> source,
    long checksum) {

  /** Stands where nobody knows what the bytes were. */
  public static final long NO_CHECKSUM = -1;

  /** Checks the values. */
  public BlockWrite {
    Objects.requireNonNull(key, "key");
    source = List.copyOf(source);
    if (checksum < NO_CHECKSUM || checksum > 0xFFFF_FFFFL) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "a CRC32C is 0 to 2^32 - 1, or -1 where it is not known, got " + checksum);
    }
  }

  /**
   * Creates a write of bytes whose checksum nobody knows.
   *
   * @param slot where to
   * @param key its identity
   * @param parent the key of the block before it, or null for a first block
   * @param generation what a later read must name
   * @param priority kept for recovery
   * @param source the bytes
   */
  public BlockWrite(
      int slot,
      BlockKey key,
      @Nullable BlockKey parent,
      long generation,
      int priority,
      List<Region> source) {
    this(slot, key, parent, generation, priority, source, NO_CHECKSUM);
  }

  /**
   * {@return whether bytes that arrived are those that were sent, as far as anybody knows}
   *
   * @param arrived the CRC32C of what arrived
   */
  public boolean matches(int arrived) {
    return checksum == NO_CHECKSUM || checksum == Integer.toUnsignedLong(arrived);
  }
}
