package io.kvbm.api.store;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;
import java.lang.foreign.MemorySegment;

/**
 * Writes one object piece by piece. Nobody sees it before {@link #commit()}; closing without a
 * commit discards it. For one thread.
 */
@Stability(Stability.Level.STABLE)
public interface ObjectWriter extends AutoCloseable {

  /**
   * Appends bytes.
   *
   * @param bytes copied before the call returns
   */
  void write(MemorySegment bytes);

  /** {@return how many bytes were written} */
  long position();

  /**
   * Publishes the object.
   *
   * @return what the store now knows of it
   * @throws CallerException with {@link ErrorCode#PRECONDITION_FAILED} if the put's condition does
   *     not hold
   */
  ObjectStat commit();

  /** Discards what was not committed. */
  @Override
  void close();
}
