package io.kvbm.backend.remote;

import java.util.ResourceBundle;
import java.util.concurrent.atomic.AtomicInteger;

/** Counts what is logged and shows none of it: for tests that provoke it a thousand times. */
final class CountingLogger implements System.Logger {

  final AtomicInteger count = new AtomicInteger();

  @Override
  public String getName() {
    return "io.kvbm.testkit.counting";
  }

  @Override
  public boolean isLoggable(Level level) {
    return true;
  }

  @Override
  public void log(Level level, ResourceBundle bundle, String message, Throwable thrown) {
    count.incrementAndGet();
  }

  @Override
  public void log(Level level, ResourceBundle bundle, String format, Object... parameters) {
    count.incrementAndGet();
  }
}
