package io.kvbm.core.remote;

import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.block.BlockDescriptor;
import io.kvbm.api.block.RemoteBlock;
import io.kvbm.api.layout.Layout;

/** A block of an imported set. Threading: safe from any thread. */
final class ImportedBlock implements RemoteBlock {

  private final BlockDescriptor descriptor;
  private final Layout layout;
  private final boolean isMutable;
  private volatile boolean closed;

  ImportedBlock(BlockDescriptor descriptor, Layout layout, boolean isMutable) {
    this.descriptor = descriptor;
    this.layout = layout;
    this.isMutable = isMutable;
  }

  @Override
  public BlockDescriptor descriptor() {
    return descriptor;
  }

  @Override
  public boolean isMutable() {
    return isMutable;
  }

  @Override
  public Layout layout() {
    if (closed) {
      throw new ClosedException(ErrorCode.CLOSED, "the reference to " + descriptor + " is closed");
    }
    return layout;
  }

  @Override
  public void close() {
    closed = true;
  }
}
