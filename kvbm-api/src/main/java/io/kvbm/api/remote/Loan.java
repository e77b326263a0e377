package io.kvbm.api.remote;

import io.kvbm.api.Stability;
import java.util.List;

/**
 * Blocks a peer keeps where they are until the loan is closed, the connection is lost or its time
 * runs out at the peer. Bytes read after that may be others; a read is of the block that was asked
 * for only if its bytes have the block's checksum. Threading: safe from any thread.
 */
@Stability(Stability.Level.PREVIEW)
public interface Loan extends AutoCloseable {

  /** {@return the longest prefix of the request that the peer has, in order; may be empty} */
  List<LentBlock> blocks();

  /** Gives the blocks back. Later calls do nothing. */
  @Override
  void close();
}
