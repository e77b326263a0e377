package io.kvbm.core.pool;

import io.kvbm.api.block.BlockKey;
import java.lang.ref.Cleaner;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Finds handles that were dropped without being closed: says where they were acquired and returns
 * their block. Costs a stack trace per handle, so it is off unless asked for.
 */
final class LeakDetector {

  private static final Cleaner CLEANER =
      Cleaner.create(
          task -> {
            Thread thread = new Thread(task, "kvbm-leak-detector");
            thread.setDaemon(true);
            return thread;
          });

  private final String pool;
  private final Consumer<String> report;

  LeakDetector(String pool, Consumer<String> report) {
    this.pool = pool;
    this.report = report;
  }

  /**
   * Watches a handle.
   *
   * @param handle the handle; must not be reachable from {@code returnBlock}
   * @param slot its slot
   * @param key its key where it has one
   * @param returnBlock returns the block in the handle's stead
   * @return to be told when the handle was closed
   */
  Watch watch(Object handle, int slot, @Nullable BlockKey key, Runnable returnBlock) {
    Watch watch = new Watch();
    Throwable acquired = new Throwable("acquired here");
    CLEANER.register(
        handle,
        () -> {
          if (watch.tryEnd()) {
            try {
              report.accept(describe(slot, key, acquired));
            } finally {
              returnBlock.run();
            }
          }
        });
    return watch;
  }

  private String describe(int slot, @Nullable BlockKey key, Throwable acquired) {
    StringBuilder text = new StringBuilder("block ").append(slot);
    if (key != null) {
      text.append(" (key ").append(key).append(')');
    }
    text.append(" of pool ").append(pool).append(" was never closed; acquired at");
    for (StackTraceElement frame : acquired.getStackTrace()) {
      if (!frame.getClassName().startsWith("io.kvbm.core.pool.")
          || frame.getClassName().endsWith("Test")) {
        text.append("\n  ").append(frame);
      }
    }
    return text.toString();
  }

  /**
   * Whether a watched handle was closed. Of its holder and the detector, the first to end it
   * returns the block.
   */
  static final class Watch {
    private final AtomicBoolean ended = new AtomicBoolean();

    boolean tryEnd() {
      return ended.compareAndSet(false, true);
    }

    void reopened() {
      ended.set(false);
    }
  }
}
