package io.kvbm.core.transfer;

import io.kvbm.api.storage.Region;
import io.kvbm.api.transfer.Route;
import io.kvbm.api.transfer.TransferBatch;
import io.kvbm.api.transfer.TransferCompletion;
import io.kvbm.api.transfer.Transport;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * A transport whose batches wait until the test moves them; or moves them at once where it is told
 * to.
 */
final class HeldTransport implements Transport {

  /** A batch that was submitted. */
  record Held(TransferBatch batch, TransferCompletion completion) {

    /** Copies every block, reports it and drains. */
    void finish() {
      for (int copy = 0; copy < batch.size(); copy++) {
        MemorySegment.copy(
            segment(batch.source(copy).region()),
            batch.sourceOffset(copy),
            segment(batch.target(copy).region()),
            batch.targetOffset(copy),
            batch.byteSize(copy));
      }
      for (int block = 0; block < batch.blockCount(); block++) {
        completion.done(block, byteSize(block));
      }
      completion.drained();
    }

    long byteSize(int block) {
      long total = 0;
      for (int copy = 0; copy < batch.size(); copy++) {
        total += batch.block(copy) == block ? batch.byteSize(copy) : 0;
      }
      return total;
    }

    private static MemorySegment segment(Region region) {
      return ((Region.HostRegion) region).segment();
    }
  }

  private final String name;
  private final int cost;
  private final boolean holds;
  private final Set<String> routes;
  private final BlockingQueue<Optional<Held>> held = new LinkedBlockingQueue<>();

  private HeldTransport(String name, int cost, boolean holds, String... routes) {
    this.name = name;
    this.cost = cost;
    this.holds = holds;
    this.routes = Set.of(routes);
  }

  /** A transport of routes such as {@code system->cxl} that copies at once. */
  static HeldTransport inline(String... routes) {
    return new HeldTransport("inline", 100, false, routes);
  }

  /** A transport that keeps batches until {@link #next()} takes them. */
  static HeldTransport holding(String... routes) {
    return new HeldTransport("holding", 50, true, routes);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public int cost(Route route) {
    return cost;
  }

  @Override
  public boolean supports(Route route) {
    return routes.contains(route.toString());
  }

  @Override
  public void submit(TransferBatch batch, TransferCompletion completion) {
    Held next = new Held(batch, completion);
    if (holds) {
      held.add(Optional.of(next));
    } else {
      next.finish();
    }
  }

  int heldCount() {
    return held.size();
  }

  /** Takes the next batch, which must come within seconds. */
  Held next() {
    try {
      Optional<Held> next = held.poll(20, TimeUnit.SECONDS);
      if (next == null) {
        throw new AssertionError("no batch was submitted to transport " + name);
      }
      return next.orElseThrow();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** Finishes batches on the calling thread until {@link #stop}. */
  void finishForEver() {
    try {
      for (Optional<Held> next = held.take(); next.isPresent(); next = held.take()) {
        next.get().finish();
      }
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** Ends so many threads that finish batches. */
  void stop(int threads) {
    for (int i = 0; i < threads; i++) {
      held.add(Optional.empty());
    }
  }
}
