package io.kvbm.api.block;

import io.kvbm.api.Stability;
import java.util.Arrays;
import java.util.Objects;

/**
 * An exported description of a worker's blocks (the specification's {@code
 * SerializedNixlBlockSet}): versioned, checksummed bytes that another manager imports. Opaque to
 * whoever carries it.
 *
 * @param bytes the binary form; kept as it is, not copied: nobody changes it any more
 */
@Stability(Stability.Level.PREVIEW)
@SuppressWarnings("ArrayRecordComponent") // compared by content below
public record SerializedBlockSet(byte[] bytes) {
  /** Checks that there are bytes. */
  public SerializedBlockSet {
    Objects.requireNonNull(bytes, "bytes");
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof SerializedBlockSet set && Arrays.equals(bytes, set.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }

  @Override
  public String toString() {
    return "SerializedBlockSet[" + bytes.length + " bytes]";
  }
}
