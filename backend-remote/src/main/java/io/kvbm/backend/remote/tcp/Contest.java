package io.kvbm.backend.remote.tcp;

import io.kvbm.api.KvbmException;
import io.kvbm.api.transfer.TransferCompletion;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * Finds out whether a peer's memory is read faster by its data path than over TCP: a few reads of 1
 * MiB, or of what is mapped, both ways in turn. They count as bytes read. A tie goes to TCP.
 */
final class Contest {

  static final int LEAST_BYTES = 4096;
  private static final int MOST_BYTES = 1 << 20;
  private static final int ROUNDS = 5;

  private final TcpAgent agent;
  private final Link link;
  private final PeerPath path;
  private final byte[] key;
  private final int byteSize;

  Contest(TcpAgent agent, Link link, PeerPath path, byte[] key, long byteSize) {
    this.agent = agent;
    this.link = link;
    this.path = path;
    this.key = key;
    this.byteSize = (int) Math.min(Math.min(byteSize, MOST_BYTES), link.partByteSize());
  }

  void begin() {
    agent.context().ioExecutor().execute(this::run);
  }

  private void run() {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment bytes = arena.allocate(byteSize, 4096);
      long byPath = Long.MAX_VALUE;
      long overTcp = Long.MAX_VALUE;
      for (int i = 0; i < ROUNDS; i++) {
        overTcp = Math.min(overTcp, read(bytes, false));
        byPath = Math.min(byPath, read(bytes, true));
      }
      path.decide(byPath < overTcp);
    } catch (CompletionException _) {
      // The export or the peer is gone: TCP remains.
    }
  }

  private long read(MemorySegment bytes, boolean byPath) {
    CompletableFuture<Void> end = new CompletableFuture<>();
    Batch batch = new Batch(new End(end), new int[] {1});
    long start = System.nanoTime();
    DataRequest request = new DataRequest(batch, 0, true, key, 0, bytes, start);
    if (!byPath) {
      link.submitOverTcp(request);
    } else if (path.takeAnyway(request)) {
      path.wake();
    } else {
      return Long.MAX_VALUE;
    }
    end.join();
    return System.nanoTime() - start;
  }

  /** Completes a future. */
  private record End(CompletableFuture<Void> future) implements TransferCompletion {
    @Override
    public void done(int block, long byteSize) {}

    @Override
    public void failed(int block, KvbmException cause) {
      future.completeExceptionally(cause);
    }

    @Override
    public void cancelled(int block) {}

    @Override
    public void drained() {
      future.complete(null);
    }
  }
}
