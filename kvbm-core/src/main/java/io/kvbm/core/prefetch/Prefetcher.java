package io.kvbm.core.prefetch;

import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.policy.Predictor;
import io.kvbm.api.spi.Clock;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.TreeSet;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.DoubleSupplier;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Loads blocks before they are asked for: those a caller names, and those of conversations that are
 * predicted to go on. It never asks for more than its bounds, the most urgent deadline first, drops
 * what comes under high load, and stops itself for a while where what it loads is not used.
 *
 * <p>Whoever drives it calls {@link #used} for blocks that are found by a request, and {@link
 * #evicted} for blocks that leave the tier; that is how it knows what it is worth.
 *
 * <p>Threading: safe from any thread. {@code used} and {@code evicted} take one lock for a few
 * instructions and call nobody, so they may be called under a pool's lock. The target and the
 * completions are called with no lock held.
 */
public final class Prefetcher implements AutoCloseable {

  private static final System.Logger LOG = System.getLogger(Prefetcher.class.getName());

  /** A loaded block that waits for its use. */
  private record Fetched(long byteSize, int epoch) {}

  /** One call of the target. */
  private record Operation(
      PrefetchRequest request, List<BlockKey> keys, long reservedByteSize, int epoch) {}

  private final PrefetchConfig config;
  private final PrefetchTarget target;
  private final DoubleSupplier load;
  private final Clock clock;

  /** Whether it was logged that the load cannot be told. */
  private volatile boolean loadFailed;

  /** How often there was something to begin or to finish since the rounds last ended. */
  private final AtomicInteger wakeUps = new AtomicInteger();

  /** Guards all below. */
  private final Object monitor = new Object();

  private final TreeSet<PrefetchRequest> waiting =
      new TreeSet<>(
          Comparator.comparingLong((PrefetchRequest request) -> request.deadlineNanos)
              .thenComparingLong(request -> request.number));
  private final Queue<PrefetchRequest> finished = new ArrayDeque<>();

  /** What became of a block before its load was known to have ended. */
  private enum Loading {
    /** Nothing. */
    PENDING,
    /** It was used. */
    USED,
    /** It left the tier. */
    GONE
  }

  /** What is being loaded. */
  private final Map<BlockKey, Loading> loading = new HashMap<>();

  private final Map<BlockKey, Fetched> fetched = new LinkedHashMap<>();
  private final Map<PrefetchOutcome, Long> outcomes = new EnumMap<>(PrefetchOutcome.class);
  private final List<PrefetchRequest> running = new ArrayList<>();
  private final WasteThrottle throttle;
  private long requestCount;
  private int operations;
  private long bytesInFlight;
  private long issuedBytes;
  private long usedBytes;
  private long wastedBytes;
  private boolean closed;

  /**
   * Creates a prefetcher.
   *
   * @param config its bounds
   * @param target loads blocks; the caller closes what is behind it after this
   * @param load how busy the machine is, as the configuration's {@code maxLoad} is meant; quick.
   *     While it throws, or says no number, the machine counts as busy
   * @param clock the platform's
   */
  public Prefetcher(
      PrefetchConfig config, PrefetchTarget target, DoubleSupplier load, Clock clock) {
    this.config = config;
    this.target = target;
    this.load = load;
    this.clock = clock;
    throttle = new WasteThrottle(config);
  }

  /**
   * Loads blocks when there is room for it. Those being loaded, or loaded and not used so far, are
   * left out.
   *
   * @param keys the blocks, parents before children
   * @param deadlineNanos when they are to be there, on the platform's clock; what was not begun by
   *     then is dropped
   * @return follows and cancels it
   * @throws ClosedException if this is closed
   */
  public PrefetchHandle prefetch(List<BlockKey> keys, long deadlineNanos) {
    boolean busy = isBusy();
    PrefetchRequest request;
    synchronized (monitor) {
      if (closed) {
        throw new ClosedException(ErrorCode.CLOSED, "the prefetcher is closed");
      }
      request = new PrefetchRequest(this, keys, deadlineNanos, requestCount++);
      PrefetchOutcome refusal = refusal(request, busy);
      if (refusal != null) {
        request.endEarly(refusal);
        finish(request);
      } else {
        waiting.add(request);
      }
    }
    work();
    return request;
  }

  /**
   * Prefetches the blocks of what is likely to be used next, to be there when it is expected.
   *
   * @param predictor guesses
   * @param blocksOf the blocks of what was guessed, by its id
   * @param limit at most so many guesses
   * @return the prefetches begun, one for each guess that is likely enough and has blocks
   * @throws ClosedException if this is closed
   */
  public List<PrefetchHandle> prefetchPredicted(
      Predictor predictor, Function<String, List<BlockKey>> blocksOf, int limit) {
    List<PrefetchHandle> begun = new ArrayList<>();
    long now = clock.nanoTime();
    for (Predictor.Prediction prediction : predictor.predict(now, limit)) {
      if (prediction.probability() < config.minProbability()) {
        continue;
      }
      List<BlockKey> keys = blocksOf.apply(prediction.id());
      if (!keys.isEmpty()) {
        // A turn that is due this moment may come the next one.
        begun.add(prefetch(keys, Math.max(prediction.expectedNanos(), now + 1)));
      }
    }
    return begun;
  }

  /**
   * A block was used by a request. A block that was not prefetched is left out.
   *
   * @param key the block
   */
  public void used(BlockKey key) {
    synchronized (monitor) {
      if (loading.computeIfPresent(key, (any, before) -> Loading.USED) == null) {
        settle(fetched.remove(key), true);
      }
    }
  }

  /**
   * A block left the tier it was loaded into. A block that was not prefetched, or was used since,
   * is left out.
   *
   * @param key the block
   */
  public void evicted(BlockKey key) {
    synchronized (monitor) {
      loading.computeIfPresent(
          key, (any, before) -> before == Loading.USED ? Loading.USED : Loading.GONE);
      settle(fetched.remove(key), false);
    }
  }

  /** The tier blocks are loaded into was emptied. */
  public void evictedAll() {
    synchronized (monitor) {
      loading.replaceAll((key, before) -> before == Loading.USED ? Loading.USED : Loading.GONE);
      fetched.values().forEach(block -> settle(block, false));
      fetched.clear();
    }
  }

  /** {@return what it does and has done} */
  public PrefetchStatistics statistics() {
    synchronized (monitor) {
      return new PrefetchStatistics(
          issuedBytes,
          usedBytes,
          wastedBytes,
          issuedBytes - usedBytes - wastedBytes,
          bytesInFlight,
          operations,
          waiting.size(),
          throttle.isPaused(clock.nanoTime()),
          throttle.pauses(),
          outcomes);
    }
  }

  /**
   * Cancels everything and takes nothing more; what runs still completes its handle. What was
   * loaded and not used so far is wasted. Idempotent.
   */
  @Override
  public void close() {
    List<PrefetchRequest> all;
    synchronized (monitor) {
      closed = true;
      all = new ArrayList<>(waiting);
      all.addAll(running);
    }
    all.forEach(this::cancel);
    evictedAll();
  }

  void cancel(PrefetchRequest request) {
    synchronized (monitor) {
      if (request.isFinished()) {
        return;
      }
      request.endEarly(PrefetchOutcome.CANCELLED);
      waiting.remove(request);
      if (request.isFinished()) {
        finish(request);
      }
    }
    request.cancellation.cancel();
    work();
  }

  /** Returns why a request is not even queued, or null. The monitor is held. */
  private @Nullable PrefetchOutcome refusal(PrefetchRequest request, boolean busy) {
    PrefetchOutcome refusal = refusalNow(request, busy);
    if (refusal != null) {
      return refusal;
    }
    return waiting.size() >= config.maxQueued() ? PrefetchOutcome.QUEUE_FULL : null;
  }

  private @Nullable PrefetchOutcome refusalNow(PrefetchRequest request, boolean busy) {
    if (busy) {
      return PrefetchOutcome.BUSY;
    }
    long now = clock.nanoTime();
    if (now - request.deadlineNanos >= 0) {
      return PrefetchOutcome.EXPIRED;
    }
    return throttle.allowance(now) < config.blockByteSize() ? PrefetchOutcome.WASTEFUL : null;
  }

  /**
   * Begins and finishes what there is, one thread at a time, so that a target that completes at
   * once makes no recursion.
   */
  private void work() {
    if (wakeUps.getAndIncrement() != 0) {
      return;
    }
    int seen = 1;
    do {
      Operation next = nextOperation();
      while (next != null) {
        start(next);
        next = nextOperation();
      }
      completeFinished();
      seen = wakeUps.addAndGet(-seen);
    } while (seen != 0);
  }

  /** No lock is held. It must not throw: who begins what there is would never have ended. */
  private boolean isBusy() {
    try {
      return !(load.getAsDouble() < config.maxLoad());
    } catch (RuntimeException e) {
      if (!loadFailed) {
        loadFailed = true;
        LOG.log(System.Logger.Level.WARNING, "nothing is prefetched while the load throws", e);
      }
      return true;
    }
  }

  private @Nullable Operation nextOperation() {
    boolean busy = isBusy();
    synchronized (monitor) {
      while (!waiting.isEmpty()) {
        PrefetchRequest request = waiting.first();
        PrefetchOutcome refusal = refusalNow(request, busy);
        if (refusal != null) {
          request.endEarly(refusal);
        } else if (operations >= config.maxOperationsInFlight()
            || config.maxBytesInFlight() - bytesInFlight < config.blockByteSize()) {
          return null;
        }
        List<BlockKey> keys = takeKeys(request);
        if (!request.hasMore()) {
          waiting.remove(request);
        }
        if (!keys.isEmpty()) {
          return begin(request, keys);
        }
        if (request.isFinished()) {
          finish(request);
        }
      }
      return null;
    }
  }

  /** Takes as many blocks as the bounds allow and nobody loads already. The monitor is held. */
  private List<BlockKey> takeKeys(PrefetchRequest request) {
    long byteSize =
        Math.min(config.maxBytesInFlight() - bytesInFlight, throttle.allowance(clock.nanoTime()));
    long room = Math.min(config.maxBlocksPerOperation(), byteSize / config.blockByteSize());
    List<BlockKey> keys = new ArrayList<>();
    while (request.hasMore() && keys.size() < room) {
      BlockKey key = request.takeNext();
      if (!fetched.containsKey(key) && loading.putIfAbsent(key, Loading.PENDING) == null) {
        keys.add(key);
      }
    }
    return keys;
  }

  private Operation begin(PrefetchRequest request, List<BlockKey> keys) {
    long byteSize = keys.size() * config.blockByteSize();
    operations++;
    bytesInFlight += byteSize;
    throttle.reserve(byteSize, throttle.epoch());
    request.begin();
    if (!running.contains(request)) {
      running.add(request);
    }
    return new Operation(request, List.copyOf(keys), byteSize, throttle.epoch());
  }

  @SuppressWarnings("FutureReturnValueIgnored") // the stage that follows has nothing to tell
  private void start(Operation operation) {
    PrefetchRequest request = operation.request;
    CompletionStage<long[]> stage;
    try {
      stage = target.load(operation.keys, request.deadlineNanos, request.cancellation);
    } catch (RuntimeException e) {
      end(operation, null, e);
      return;
    }
    stage.whenComplete((bytes, failure) -> end(operation, bytes, failure));
  }

  private void end(Operation operation, long @Nullable [] bytes, @Nullable Throwable failure) {
    synchronized (monitor) {
      long loadedByteSize = 0;
      int loadedBlocks = 0;
      for (int i = 0; i < operation.keys.size(); i++) {
        long byteSize = bytes == null || i >= bytes.length ? 0 : bytes[i];
        arrive(operation.keys.get(i), byteSize, operation.epoch);
        loadedByteSize += byteSize;
        loadedBlocks += byteSize > 0 ? 1 : 0;
      }
      operations--;
      bytesInFlight -= operation.reservedByteSize;
      throttle.reserve(loadedByteSize - operation.reservedByteSize, operation.epoch);
      PrefetchRequest request = operation.request;
      if (failure != null) {
        LOG.log(System.Logger.Level.DEBUG, "a prefetch failed", failure);
        request.endEarly(PrefetchOutcome.FAILED);
        waiting.remove(request);
      }
      request.end(loadedBlocks, loadedByteSize);
      if (request.isFinished()) {
        finish(request);
      }
    }
    work();
  }

  /** A block is there, or, with 0 bytes, is not. The monitor is held. */
  private void arrive(BlockKey key, long byteSize, int epoch) {
    Loading before = loading.remove(key);
    if (byteSize == 0) {
      return;
    }
    issuedBytes += byteSize;
    Fetched block = new Fetched(byteSize, epoch);
    if (before != Loading.PENDING) {
      settle(block, before == Loading.USED);
      return;
    }
    settle(fetched.put(key, block), false);
    if (fetched.size() > config.maxTrackedBlocks()) {
      Iterator<Fetched> oldest = fetched.values().iterator();
      Fetched dropped = oldest.next();
      oldest.remove();
      settle(dropped, false);
    }
  }

  private void settle(@Nullable Fetched block, boolean used) {
    if (block == null) {
      return;
    }
    if (used) {
      usedBytes += block.byteSize;
    } else {
      wastedBytes += block.byteSize;
    }
    throttle.settle(block.byteSize, used, block.epoch, clock.nanoTime());
  }

  private void finish(PrefetchRequest request) {
    running.remove(request);
    outcomes.merge(request.report().outcome(), 1L, Long::sum);
    finished.add(request);
  }

  private void completeFinished() {
    while (true) {
      PrefetchRequest request;
      synchronized (monitor) {
        request = finished.poll();
      }
      if (request == null) {
        return;
      }
      request.complete();
    }
  }
}
