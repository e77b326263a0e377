package io.kvbm.core.storage;

import io.kvbm.api.CallerException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.storage.AbstractStorage;
import io.kvbm.api.storage.Lease;
import io.kvbm.api.storage.Region;
import io.kvbm.api.storage.Storage;

/**
 * A part of a storage that is a storage itself: same type, checked bounds, its own registrations
 * and leases.
 *
 * <p>It holds a lease on the whole, which therefore keeps its bytes until the part is closed: the
 * part works on where the whole was closed before it, except that memory the host cannot reach is
 * not set any more. Closing the part leaves the whole open.
 */
public final class SubStorage extends AbstractStorage {

  private final Storage whole;
  private final long offset;
  private final Lease lease;
  private final Runnable onFree;

  private SubStorage(Storage whole, long offset, long byteSize, Lease lease, Runnable onFree) {
    super(whole.type(), whole.address() == 0 ? 0 : whole.address() + offset, byteSize);
    this.whole = whole;
    this.offset = offset;
    this.lease = lease;
    this.onFree = onFree;
  }

  /**
   * Makes a view of a part.
   *
   * @param whole what it is a part of; stays its owner's
   * @param offset the first byte
   * @param byteSize how many bytes, above 0
   * @return the part; the caller closes it
   * @throws CallerException with {@link ErrorCode#OUT_OF_BOUNDS} if the part leaves the whole, also
   *     by overflow
   * @throws ClosedException if the whole is closed
   */
  public static SubStorage viewOf(Storage whole, long offset, long byteSize) {
    return open(whole, offset, byteSize, () -> {});
  }

  static SubStorage open(Storage whole, long offset, long byteSize, Runnable onFree) {
    if (offset < 0 || byteSize <= 0 || offset > whole.byteSize() - byteSize) {
      throw new CallerException(
          ErrorCode.OUT_OF_BOUNDS,
          "bytes [%d, %d + %d) are no part of the %s storage of %d bytes"
              .formatted(offset, offset, byteSize, whole.type(), whole.byteSize()));
    }
    return new SubStorage(whole, offset, byteSize, whole.lease(), onFree);
  }

  /** {@return the first byte of this part in the whole} */
  public long offset() {
    return offset;
  }

  @Override
  public boolean isHostAccessible() {
    return whole.isHostAccessible();
  }

  @Override
  protected Region openRegion() {
    return whole.region().slice(offset, byteSize());
  }

  @Override
  protected void fill(byte value, long start, long length) {
    if (openRegion() instanceof Region.HostRegion host) {
      // Not by the whole, which may be closed: this part's lease keeps its bytes.
      host.segment().asSlice(start, length).fill(value);
    } else {
      whole.memset(Byte.toUnsignedInt(value), offset + start, length);
    }
  }

  @Override
  protected void free() {
    try {
      onFree.run();
    } finally {
      lease.close();
    }
  }
}
