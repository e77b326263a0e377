package io.kvbm.backend.disk.io;

import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** Counts requests. Threading: safe from any thread. */
public final class IoCounters {

  private final LongAdder taken = new LongAdder();
  private final LongAdder released = new LongAdder();
  private final LongAdder completed = new LongAdder();
  private final LongAdder bytes = new LongAdder();
  private final LongAdder errors = new LongAdder();
  private final LongAdder timeouts = new LongAdder();

  /** Creates counters at zero. */
  public IoCounters() {}

  /** Counts requests that were taken on. */
  public void taken(int count) {
    taken.add(count);
  }

  /** Counts a request that is answered. */
  public void answered(IoRequest request, @Nullable KvbmException failure) {
    completed.increment();
    if (failure == null) {
      bytes.add(request.memory().byteSize());
      return;
    }
    errors.increment();
    if (failure.code() == ErrorCode.DEADLINE_EXCEEDED) {
      timeouts.increment();
    }
  }

  /** Counts a request that is released. */
  public void released() {
    released.increment();
  }

  /** {@return the numbers} */
  public IoStatistics statistics() {
    long ended = released.sum();
    return new IoStatistics(
        Math.max(0, taken.sum() - ended),
        completed.sum(),
        bytes.sum(),
        errors.sum(),
        timeouts.sum());
  }
}
