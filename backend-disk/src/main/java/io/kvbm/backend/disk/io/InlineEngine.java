package io.kvbm.backend.disk.io;

import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import java.util.List;

/**
 * Runs each request at once, on the submitting thread and in order: for simulated disks, where the
 * same seed must give the same run. Nothing can answer in its stead, so a deadline has no effect.
 */
public final class InlineEngine implements IoEngine {

  private final IoCounters counters = new IoCounters();
  private volatile boolean closed;

  /** Creates an engine; it holds nothing. */
  public InlineEngine() {}

  @Override
  public String name() {
    return "inline";
  }

  @Override
  public int depth() {
    return 1;
  }

  @Override
  public void submit(List<IoRequest> batch) {
    if (closed) {
      throw new ClosedException(ErrorCode.CLOSED, "the disk engine is closed");
    }
    counters.taken(batch.size());
    for (IoRequest request : batch) {
      KvbmException failure = RequestRun.failureOf(request);
      counters.answered(request, failure);
      RequestRun.answer(request, failure);
      counters.released();
      RequestRun.release(request);
    }
  }

  @Override
  public IoStatistics statistics() {
    return counters.statistics();
  }

  @Override
  public void close() {
    closed = true;
  }
}
