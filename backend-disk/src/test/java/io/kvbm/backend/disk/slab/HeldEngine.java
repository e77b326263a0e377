package io.kvbm.backend.disk.slab;

import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.TransientException;
import io.kvbm.backend.disk.io.InlineEngine;
import io.kvbm.backend.disk.io.IoCallback;
import io.kvbm.backend.disk.io.IoEngine;
import io.kvbm.backend.disk.io.IoRequest;
import java.util.ArrayDeque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** An engine that does what the test tells it to: runs, answers late, lets go. */
final class HeldEngine implements IoEngine {

  private final InlineEngine engine = new InlineEngine();
  private final ArrayDeque<IoRequest> waiting = new ArrayDeque<>();
  private boolean holds;

  /** Keeps what is submitted from now on, or runs it at once. */
  void hold(boolean value) {
    holds = value;
  }

  int waiting() {
    return waiting.size();
  }

  IoRequest next() {
    return waiting.remove();
  }

  /** Answers as at the deadline; the device still has the memory. */
  static void answerLate(IoRequest request) {
    request
        .callback()
        .completed(
            request, new TransientException(ErrorCode.DEADLINE_EXCEEDED, "the device is stuck"));
  }

  /** The device lets go of what was answered. */
  static void release(IoRequest request) {
    request.callback().released(request);
  }

  /** Runs a request that was kept. */
  void perform(IoRequest request) {
    engine.submit(List.of(request));
  }

  /** Moves the bytes of a request that was answered already. */
  void moveLate(IoRequest request) {
    IoCallback nobody =
        new IoCallback() {
          @Override
          public void completed(IoRequest moved, @Nullable KvbmException failure) {}
        };
    engine.submit(
        List.of(
            new IoRequest(
                request.kind(),
                request.file(),
                request.position(),
                request.memory(),
                IoRequest.NO_DEADLINE,
                nobody)));
  }

  @Override
  public String name() {
    return "held";
  }

  @Override
  public int depth() {
    return 1;
  }

  @Override
  public void submit(List<IoRequest> batch) {
    if (holds) {
      waiting.addAll(batch);
    } else {
      engine.submit(batch);
    }
  }

  @Override
  public void close() {
    engine.close();
  }
}
