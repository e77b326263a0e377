package io.kvbm.bench.transfer;

import io.kvbm.api.BackendException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.remote.RemoteAgent;
import io.kvbm.api.remote.RemotePeer;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.transfer.Route;
import io.kvbm.api.transfer.TransferBatch;
import io.kvbm.api.transfer.TransferCompletion;
import io.kvbm.api.transfer.Transport;
import io.kvbm.bench.transfer.PingPong.LatencyLog;
import io.kvbm.core.Platform;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Reads blocks of the process that serves, as often as it goes. */
final class ReadingAgent implements AutoCloseable {

  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final Platform platform;
  private final RemoteAgent agent;
  private final RemotePeer peer;
  private final Storage source;
  private final Storage target;
  private final Transport transport;

  ReadingAgent(ServingProcess server, List<String> settings) {
    this.platform = Opened.platform(settings);
    try {
      this.agent = Opened.agent(platform, "bench-client");
      this.peer = agent.connect(server.agent(), PATIENCE);
      this.source = peer.map(server.exported());
      this.target = platform.allocator("system").allocate(server.exported().byteSize());
      Route route = Route.between(source, target);
      this.transport =
          platform.backend("remote").transports().stream()
              .filter(each -> each.supports(route))
              .findFirst()
              .orElseThrow();
    } catch (RuntimeException e) {
      platform.close();
      throw e;
    }
  }

  /** {@return what the bytes go over} */
  String transport() {
    return peer.transport();
  }

  /**
   * Reads until both sides run compiled code.
   *
   * @param byteSize of a block
   * @param depth blocks in flight
   * @param seconds how long
   */
  void warmUp(int byteSize, int depth, double seconds) throws InterruptedException {
    run(byteSize, depth, seconds);
  }

  /**
   * {@return bytes a second}
   *
   * @param byteSize of a block
   * @param depth blocks in flight
   * @param seconds how long, after a warm-up
   */
  double bytesPerSecond(int byteSize, int depth, double seconds) throws InterruptedException {
    run(byteSize, depth, seconds / 2);
    long start = System.nanoTime();
    long bytes = run(byteSize, depth, seconds);
    return bytes * 1e9 / (System.nanoTime() - start);
  }

  private long run(int byteSize, int depth, double seconds) throws InterruptedException {
    long slots = source.byteSize() / byteSize;
    Semaphore free = new Semaphore(depth);
    AtomicLong moved = new AtomicLong();
    AtomicReference<@Nullable KvbmException> failure = new AtomicReference<>();
    long until = System.nanoTime() + (long) (seconds * TimeUnit.SECONDS.toNanos(1));
    for (long i = 0; System.nanoTime() - until < 0 && failure.get() == null; i++) {
      free.acquire();
      long offset = i % slots * byteSize;
      transport.submit(
          TransferBatch.builder().add(0, source, offset, target, offset, byteSize).build(),
          new Counting(moved, failure, free));
    }
    if (!free.tryAcquire(depth, PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
      throw new BackendException(
          ErrorCode.STALLED, "blocks in flight have not arrived after " + PATIENCE, null);
    }
    KvbmException failed = failure.get();
    if (failed != null) {
      throw failed;
    }
    return moved.get();
  }

  /**
   * {@return the median of one read in nanoseconds}
   *
   * @param byteSize of a block
   * @param seconds how long, after as long a warm-up
   */
  double medianNanos(int byteSize, double seconds) throws InterruptedException {
    LatencyLog log = new LatencyLog();
    TransferBatch batch = TransferBatch.builder().add(0, source, 0, target, 0, byteSize).build();
    AtomicLong moved = new AtomicLong();
    AtomicReference<@Nullable KvbmException> failure = new AtomicReference<>();
    for (int phase = 0; phase < 2; phase++) {
      log.clear();
      long until = System.nanoTime() + (long) (seconds * TimeUnit.SECONDS.toNanos(1));
      while (System.nanoTime() - until < 0) {
        Semaphore done = new Semaphore(0);
        long start = System.nanoTime();
        transport.submit(batch, new Counting(moved, failure, done));
        done.acquire();
        log.add(System.nanoTime() - start);
        KvbmException failed = failure.get();
        if (failed != null) {
          throw failed;
        }
      }
    }
    return log.median();
  }

  private record Counting(
      AtomicLong moved, AtomicReference<@Nullable KvbmException> failure, Semaphore free)
      implements TransferCompletion {
    @Override
    public void done(int block, long byteSize) {
      moved.addAndGet(byteSize);
    }

    @Override
    public void failed(int block, KvbmException cause) {
      failure.compareAndSet(null, cause);
    }

    @Override
    public void cancelled(int block) {
      failure.compareAndSet(
          null, new BackendException(ErrorCode.CANCELLED, "a read was cancelled", null));
    }

    @Override
    public void drained() {
      free.release();
    }
  }

  @Override
  public void close() {
    target.close();
    source.close();
    agent.close();
    platform.close();
  }
}
