package io.kvbm.core.onboard;

import io.kvbm.api.KvbmException;
import io.kvbm.api.storage.Region;
import io.kvbm.api.transfer.Route;
import io.kvbm.api.transfer.TransferBatch;
import io.kvbm.api.transfer.TransferCompletion;
import io.kvbm.api.transfer.Transport;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingDeque;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingDeque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/** Copies host memory at once, unless the test holds a kind of source back or lets it fail. */
final class GatedTransport implements Transport {

  /** A batch that waits for the test. */
  final class Held {
    private final TransferBatch batch;
    private final TransferCompletion completion;

    Held(TransferBatch batch, TransferCompletion completion) {
      this.batch = batch;
      this.completion = completion;
    }

    int blocks() {
      return batch.blockCount();
    }

    boolean isCancelled() {
      return completion.isCancelled();
    }

    void finish() {
      copy(batch, completion);
    }
  }

  final AtomicInteger batches = new AtomicInteger();
  private final Set<String> holding = ConcurrentHashMap.newKeySet();
  private final Map<String, Supplier<KvbmException>> failing = new ConcurrentHashMap<>();
  private final BlockingDeque<Held> held = new LinkedBlockingDeque<>();

  void hold(String kind) {
    holding.add(kind);
  }

  void fail(String kind, Supplier<KvbmException> cause) {
    failing.put(kind, cause);
  }

  void mend(String kind) {
    failing.remove(kind);
  }

  int heldCount() {
    return held.size();
  }

  Held next() {
    try {
      Held next = held.poll(10, TimeUnit.SECONDS);
      if (next == null) {
        throw new AssertionError("no batch was submitted");
      }
      return next;
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** Lets everything go on that waits, and what it starts. */
  void release() {
    holding.clear();
    for (Held next = held.poll(); next != null; next = held.poll()) {
      next.finish();
    }
  }

  @Override
  public String name() {
    return "gated";
  }

  @Override
  public boolean supports(Route route) {
    return true;
  }

  @Override
  public void submit(TransferBatch batch, TransferCompletion completion) {
    batches.incrementAndGet();
    if (holding.contains(batch.route().source().kind())) {
      held.add(new Held(batch, completion));
    } else {
      copy(batch, completion);
    }
  }

  private void copy(TransferBatch batch, TransferCompletion completion) {
    if (completion.isCancelled()) {
      for (int block = 0; block < batch.blockCount(); block++) {
        completion.cancelled(block);
      }
      completion.drained();
      return;
    }
    Supplier<KvbmException> cause = failing.get(batch.route().source().kind());
    long[] moved = new long[batch.blockCount()];
    for (int copy = 0; copy < batch.size() && cause == null; copy++) {
      MemorySegment.copy(
          segment(batch.sourceRegion(copy)),
          0,
          segment(batch.targetRegion(copy)),
          0,
          batch.byteSize(copy));
      moved[batch.block(copy)] += batch.byteSize(copy);
    }
    for (int block = 0; block < moved.length; block++) {
      if (cause == null) {
        completion.done(block, moved[block]);
      } else {
        completion.failed(block, cause.get());
      }
    }
    completion.drained();
  }

  private static MemorySegment segment(Region region) {
    return ((Region.HostRegion) region).segment();
  }
}
