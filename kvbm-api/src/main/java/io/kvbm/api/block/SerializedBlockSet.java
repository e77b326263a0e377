package io.kvbm.api.block;

import java.util.Objects;

/**
 * An exported description of a worker's blocks (the specification's {@code
 * SerializedNixlBlockSet}): versioned, checksummed bytes that another manager imports. Opaque to
 * whoever carries it.
 *
 * @param bytes the binary form
 */
public record SerializedBlockSet(byte[] bytes) {
  /** Checks that there are bytes. */
  public SerializedBlockSet {
    Objects.requireNonNull(bytes, "bytes");
  }
}
