package io.kvbm.core.retention;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.block.BlockKey;
import java.util.List;

/** Found blocks that stay for a while. Threading: safe from any thread. */
public interface Lease extends AutoCloseable {

  /** {@return the blocks, in the order they were found} */
  List<BlockKey> keys();

  /**
   * Lets the lease end later or earlier.
   *
   * @param durationNanos how long from now
   * @return whether it still holds the blocks; false where it has ended
   * @throws CallerException with {@link ErrorCode#INVALID_ARGUMENT} if the time is not above 0
   */
  boolean renew(long durationNanos);

  /** {@return whether it still holds the blocks} */
  boolean isActive();

  /** Ends the lease. Idempotent. */
  @Override
  void close();
}
