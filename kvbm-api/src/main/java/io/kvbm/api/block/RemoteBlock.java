package io.kvbm.api.block;

import io.kvbm.api.Stability;
import io.kvbm.api.layout.Layout;

/**
 * A block in another worker's memory, described by the block set that worker exported. It has
 * regions for transports but no views. Closing it ends the reference; the block stays the worker's.
 */
@Stability(Stability.Level.PREVIEW)
public interface RemoteBlock extends AutoCloseable {

  /** {@return which block this is} */
  BlockDescriptor descriptor();

  /** {@return whether this side may write it} */
  boolean isMutable();

  /** {@return the remote layout, whose regions are remote regions} */
  Layout layout();

  @Override
  void close();
}
