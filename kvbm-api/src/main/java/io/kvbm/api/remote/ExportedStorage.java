package io.kvbm.api.remote;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;
import io.kvbm.api.storage.StorageType;
import java.util.Arrays;
import java.util.Objects;

/**
 * A registered storage as other agents name it. Whoever has this and is authenticated may use the
 * storage as far as its {@link RemoteAccess} goes, so it is handed on to those peers only that are
 * to use it.
 *
 * @param key what the exporting agent recognises the storage by: opaque, not to be guessed; not
 *     copied: nobody changes it any more
 * @param byteSize the length in bytes, above 0
 * @param type what kind of memory it is at its agent
 * @param writable whether it may be written
 */
@Stability(Stability.Level.PREVIEW)
@SuppressWarnings("ArrayRecordComponent") // compared by content below
public record ExportedStorage(byte[] key, long byteSize, StorageType type, boolean writable) {

  /** The most bytes of a key. */
  public static final int MAX_KEY_BYTES = 64;

  /** Checks the values. */
  public ExportedStorage {
    Objects.requireNonNull(type, "type");
    if (key.length == 0 || key.length > MAX_KEY_BYTES || byteSize <= 0) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "an export needs a key of 1 to %d bytes and a size above 0, got %d and %d"
              .formatted(MAX_KEY_BYTES, key.length, byteSize));
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ExportedStorage export
        && Arrays.equals(key, export.key)
        && byteSize == export.byteSize
        && type.equals(export.type)
        && writable == export.writable;
  }

  @Override
  public int hashCode() {
    return Objects.hash(Arrays.hashCode(key), byteSize, type, writable);
  }

  /** {@return size and kind; the key is not shown} */
  @Override
  public String toString() {
    return "export of %d bytes of %s%s".formatted(byteSize, type, writable ? ", writable" : "");
  }
}
