package io.kvbm.api.disk;

import io.kvbm.api.BackendException;
import io.kvbm.api.CallerException;
import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/**
 * An open file.
 *
 * <p>{@link #read} and {@link #write} may move fewer bytes than asked; {@link #readFully} and
 * {@link #writeFully} go on until all are moved. Threading: safe from any thread; overlapping
 * writes are the caller's to order.
 */
@Stability(Stability.Level.STABLE)
public interface DiskFile extends AutoCloseable {

  /** {@return the path it was opened with, or the name a temporary file got} */
  Path path();

  /** {@return the file descriptor, or a number unique among open files where there is none} */
  long descriptor();

  /** {@return whether the page cache is bypassed} */
  boolean isDirect();

  /**
   * {@return the alignment of address, position and length that direct access needs, in bytes; 1 if
   * not direct}
   */
  int alignment();

  /** {@return the length in bytes} */
  long byteSize();

  /**
   * Reads up to {@code target.byteSize()} bytes.
   *
   * @param position the first byte
   * @param target off-heap memory; aligned where {@link #isDirect()}
   * @return how many were read; -1 at or behind the end of the file
   */
  int read(long position, MemorySegment target);

  /**
   * Writes up to {@code source.byteSize()} bytes; the file grows as needed.
   *
   * @param position the first byte
   * @param source off-heap memory; aligned where {@link #isDirect()}
   * @return how many were written, above 0
   * @throws CapacityException with {@link ErrorCode#ALLOCATION_FAILED} if there is no space
   */
  int write(long position, MemorySegment source);

  /**
   * Reads exactly {@code target.byteSize()} bytes.
   *
   * @param position the first byte
   * @param target off-heap memory; aligned where {@link #isDirect()}
   * @throws CallerException with {@link ErrorCode#OUT_OF_BOUNDS} if the file ends before; the end
   *     of a file is no success
   */
  default void readFully(long position, MemorySegment target) {
    long done = 0;
    while (done < target.byteSize()) {
      int count = read(position + done, target.asSlice(done));
      if (count < 0) {
        throw new CallerException(
            ErrorCode.OUT_OF_BOUNDS,
            "%s ends at byte %d, wanted bytes [%d, %d)"
                .formatted(path(), position + done, position, position + target.byteSize()));
      }
      done += count;
    }
  }

  /**
   * Writes all of {@code source}.
   *
   * @param position the first byte
   * @param source off-heap memory; aligned where {@link #isDirect()}
   * @throws CapacityException with {@link ErrorCode#ALLOCATION_FAILED} if there is no space; some
   *     bytes may be written
   */
  default void writeFully(long position, MemorySegment source) {
    long done = 0;
    while (done < source.byteSize()) {
      done += write(position + done, source.asSlice(done));
    }
  }

  /**
   * Makes what was written durable.
   *
   * @param metadata also the length and times (fsync); otherwise what is needed to read the bytes
   *     (fdatasync)
   * @throws BackendException if the device reports an error; what was written before may be lost
   *     for good
   */
  void sync(boolean metadata);

  /**
   * Reserves space for real, so that later writes inside it do not run out of it. The file grows to
   * at least {@code position + length}; new bytes read as zero.
   *
   * @param position the first byte
   * @param length how many, above 0
   * @throws CapacityException if there is no space
   * @implSpec where the file system cannot reserve, zeros are written
   */
  void allocate(long position, long length);

  /**
   * Gives space back; the bytes read as zero, the length stays.
   *
   * @param position the first byte
   * @param length how many, above 0
   * @return whether space was given back; false where the file system cannot, then the bytes are
   *     zeroed
   */
  boolean punch(long position, long length);

  /**
   * Cuts or extends the file.
   *
   * @param byteSize the new length
   */
  void truncate(long byteSize);

  /** Closes the descriptor. Later calls do nothing. Nothing is synced. */
  @Override
  void close();
}
