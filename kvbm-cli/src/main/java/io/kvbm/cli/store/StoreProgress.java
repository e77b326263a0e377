package io.kvbm.cli.store;

import io.kvbm.api.ErrorCode;
import io.kvbm.api.TransientException;
import io.kvbm.api.store.MaintainedStore;
import io.kvbm.cli.console.Console;
import io.kvbm.cli.console.ProgressBar;
import org.jspecify.annotations.Nullable;

/** Draws how far a store has come, and ends its work where the user ended the program. */
final class StoreProgress implements MaintainedStore.Progress, AutoCloseable {

  private final String label;
  private final Console console;
  private @Nullable ProgressBar bar;
  private long drawnByteSize;

  StoreProgress(String label, Console console) {
    this.label = label;
    this.console = console;
  }

  @Override
  public void at(long doneByteSize, long totalByteSize) {
    if (Thread.currentThread().isInterrupted()) {
      throw new TransientException(ErrorCode.CANCELLED, label + " was ended before it was through");
    }
    ProgressBar drawn = bar;
    if (drawn == null) {
      drawn = console.progress(label, "bytes", Math.max(1, totalByteSize));
      bar = drawn;
    }
    drawn.advance(doneByteSize - drawnByteSize);
    drawnByteSize = doneByteSize;
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
    }
  }
}
