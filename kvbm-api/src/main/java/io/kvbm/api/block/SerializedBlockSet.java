package io.kvbm.api.block;

import io.kvbm.api.Stability;
import java.util.Objects;

/**
 * An exported description of a worker's blocks (the specification's {@code
 * SerializedNixlBlockSet}): versioned, checksummed bytes that another manager imports. Opaque to
 * whoever carries it.
 *
 * @param bytes the binary form
 */
@Stability(Stability.Level.PREVIEW)
public record SerializedBlockSet(byte[] bytes) {
  /** Checks that there are bytes. */
  public SerializedBlockSet {
    Objects.requireNonNull(bytes, "bytes");
  }
}
