package io.kvbm.cli.console;

import java.util.Locale;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One line on a terminal that shows how far a long piece of work is, how fast it goes and how long
 * it will take.
 *
 * <p>Drawn while the work advances, at most ten times a second, and wiped when closed. Thread-safe.
 */
public final class ProgressBar implements AutoCloseable {

  private static final int WIDTH = 24;
  private static final long REDRAW_NANOS = 100_000_000L;

  /** Back to the start of the line, and wipe it. */
  private static final String WIPE = "\r\u001b[K";

  private final String label;
  private final String unit;
  private final long total;
  private final LongSupplier nanoTime;
  private final @Nullable Consumer<String> terminal;
  private final long startNanos;
  private long drawnNanos;
  private long done;
  private boolean visible;
  private boolean closed;

  ProgressBar(
      String label,
      String unit,
      long total,
      LongSupplier nanoTime,
      @Nullable Consumer<String> terminal) {
    this.label = label;
    this.unit = unit;
    this.total = total;
    this.nanoTime = nanoTime;
    this.terminal = terminal;
    this.startNanos = nanoTime.getAsLong();
    this.drawnNanos = startNanos;
  }

  /**
   * Counts work as done.
   *
   * @param amount how much more is done than before
   */
  public void advance(long amount) {
    if (terminal == null) {
      return;
    }
    String text;
    synchronized (this) {
      done += amount;
      long now = nanoTime.getAsLong();
      if (closed || now - drawnNanos < REDRAW_NANOS) {
        return;
      }
      drawnNanos = now;
      visible = true;
      text = WIPE + render(now - startNanos);
    }
    terminal.accept(text);
  }

  /** Wipes the line; it comes back when the work advances. */
  void clear() {
    synchronized (this) {
      if (!visible) {
        return;
      }
      visible = false;
    }
    if (terminal != null) {
      terminal.accept(WIPE);
    }
  }

  /** Wipes the line for good. */
  @Override
  public void close() {
    synchronized (this) {
      closed = true;
    }
    clear();
  }

  private String render(long elapsedNanos) {
    double share = total <= 0 ? 1 : Math.min(1, (double) done / total);
    int filled = (int) (share * WIDTH);
    double rate = done * 1e9 / Math.max(1, elapsedNanos);
    long secondsLeft = rate > 0 ? Math.round(Math.max(0, total - done) / rate) : 0;
    return String.format(
        Locale.ROOT,
        "%s [%s%s] %3.0f%%  %s %s/s  %d:%02d left",
        label,
        "#".repeat(filled),
        ".".repeat(WIDTH - filled),
        share * 100,
        Quantity.format(rate),
        unit,
        secondsLeft / 60,
        secondsLeft % 60);
  }
}
