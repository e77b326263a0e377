package io.kvbm.cli.console;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Standard output that keeps its first failure, so that it is reported once, at the end, and not in
 * the middle.
 */
final class ResultStream extends OutputStream {

  private final OutputStream target;
  private @Nullable IOException failure;
  private volatile boolean silent;

  ResultStream(OutputStream target) {
    this.target = new BufferedOutputStream(target);
  }

  @Override
  public synchronized void write(int value) {
    write(new byte[] {(byte) value}, 0, 1);
  }

  @Override
  public synchronized void write(byte[] source, int offset, int length) {
    if (silent || failure != null) {
      return;
    }
    try {
      target.write(source, offset, length);
    } catch (IOException e) {
      failure = e;
    }
  }

  @Override
  public synchronized void flush() {
    if (silent || failure != null) {
      return;
    }
    try {
      target.flush();
    } catch (IOException e) {
      failure = e;
    }
  }

  /** Drops what is written from now on. */
  void silence() {
    silent = true;
  }

  synchronized Optional<IOException> failure() {
    return Optional.ofNullable(failure);
  }
}
