package io.kvbm.backend.disk.io;

import io.kvbm.api.BackendException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.spi.Gate;
import io.kvbm.backend.disk.file.FileErrors;
import io.kvbm.backend.disk.file.Posix;
import io.kvbm.backend.disk.file.PosixFile;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Runs requests through io_uring, without native code: one ring for each of its threads.
 *
 * <p>Files without a descriptor, such as simulated ones, are run by threads; so is everything once
 * the kernel has refused to go on with a ring. Needs Linux 5.11 or later.
 */
final class UringEngine implements IoEngine {

  private static final System.Logger LOGGER = System.getLogger(UringEngine.class.getName());
  private static final AtomicBoolean REGISTRATION_REFUSED = new AtomicBoolean();
  private static final int FALLBACK_THREADS = 8;

  private final IoCounters counters;
  private final List<RingLoop> loops = new ArrayList<>();
  private final UringSettings settings;
  private final BlockingCalls blocking;
  private final Gate gate = new Gate("the disk engine");
  private final Object fallbackLock = new Object();
  private volatile @Nullable ThreadEngine fallback;
  private volatile boolean closed;

  private UringEngine(UringSettings settings, IoCounters counters, FileErrors errors) {
    this.settings = settings;
    this.counters = counters;
    this.blocking = new BlockingCalls(errors);
  }

  /**
   * Makes the rings.
   *
   * @param settings how many and how deep
   * @return the engine; the caller closes it
   * @throws BackendException with the error number if the kernel refuses
   */
  public static UringEngine open(UringSettings settings) {
    return open(settings, new IoCounters());
  }

  /**
   * Makes the rings.
   *
   * @param settings how many and how deep
   * @param counters counts the requests
   * @return the engine; the caller closes it
   * @throws BackendException with the error number if the kernel refuses
   */
  public static UringEngine open(UringSettings settings, IoCounters counters) {
    Posix posix =
        Posix.find()
            .orElseThrow(
                () ->
                    new BackendException(
                        ErrorCode.OPERATION_FAILED,
                        "io_uring needs 64-bit Linux and native access",
                        null));
    return open(settings, counters, posix, UringCalls::new);
  }

  static UringEngine open(
      UringSettings settings, IoCounters counters, Posix posix, Supplier<UringCalls> calls) {
    FileErrors errors = new FileErrors(posix);
    UringEngine engine = new UringEngine(settings, counters, errors);
    try {
      for (int i = 0; i < settings.rings(); i++) {
        engine.loops.add(
            RingLoop.start(
                "kvbm-disk-io_uring-" + i, calls.get(), settings, engine.counters, errors));
      }
      return engine;
    } catch (RingRefusedException e) {
      engine.close();
      throw new BackendException(
          ErrorCode.OPERATION_FAILED,
          e.errno() == 0
              ? String.valueOf(e.getMessage())
              : e.getMessage() + ": " + posix.describe(e.errno()),
          e.errno() == 0 ? BackendException.NO_NATIVE_CODE : e.errno(),
          e);
    }
  }

  @Override
  public String name() {
    return "io_uring";
  }

  @Override
  public int depth() {
    return settings.rings() * settings.depth();
  }

  @Override
  public String details() {
    for (RingLoop loop : loops) {
      KvbmException broken = loop.broken();
      if (broken != null) {
        return "io_uring given up, on threads now: " + broken.getMessage();
      }
    }
    return "io_uring, %d x %d".formatted(settings.rings(), settings.depth());
  }

  @Override
  public void submit(List<IoRequest> batch) {
    requireOpen();
    IoRequest[] ringed = new IoRequest[batch.size()];
    int count = 0;
    List<IoRequest> others = List.of();
    for (IoRequest request : batch) {
      if (request.file() instanceof PosixFile file && file.posixDescriptor() >= 0) {
        ringed[count++] = request;
      } else {
        if (others.isEmpty()) {
          others = new ArrayList<>();
        }
        others.add(request);
      }
    }
    if (count > 0) {
      counters.taken(count);
      if (!leastLoaded().submit(new RingLoop.Batch(ringed, count))) {
        counters.taken(-count);
        requireOpen();
        fallback().submit(batch); // the ring broke
        return;
      }
    }
    if (!others.isEmpty()) {
      fallback().submit(others);
    }
  }

  @Override
  public void run(List<IoRequest> batch) {
    if (!BlockingCalls.take(batch)) {
      IoEngine.super.run(batch);
      return;
    }
    gate.enter();
    try {
      IoRequest request = batch.getFirst();
      counters.taken(1);
      KvbmException failure = blocking.run(request);
      counters.answered(request, failure);
      RequestRun.answer(request, failure);
      counters.released();
      RequestRun.release(request);
      if (failure != null) {
        throw failure;
      }
    } finally {
      gate.leave();
    }
  }

  private RingLoop leastLoaded() {
    RingLoop best = loops.getFirst();
    for (RingLoop loop : loops) {
      if (loop.isOwnThread()) {
        return loop;
      }
      if (loop.load() < best.load()) {
        best = loop;
      }
    }
    return best;
  }

  private void requireOpen() {
    if (closed) {
      throw new ClosedException(ErrorCode.CLOSED, "the disk engine is closed");
    }
  }

  private ThreadEngine fallback() {
    ThreadEngine engine = fallback;
    if (engine == null) {
      synchronized (fallbackLock) {
        requireOpen();
        engine = fallback;
        if (engine == null) {
          engine =
              new ThreadEngine("io_uring-beside", Math.min(FALLBACK_THREADS, depth()), counters);
          fallback = engine;
        }
      }
    }
    return engine;
  }

  @Override
  public IoStatistics statistics() {
    return counters.statistics();
  }

  @Override
  public RegisteredBuffers registerBuffers(MemorySegment memory) {
    requireOpen();
    Registration registration = new Registration(memory);
    int failure = registration.failure();
    if (failure == 0) {
      return registration;
    }
    registration.close();
    if (REGISTRATION_REFUSED.compareAndSet(false, true)) {
      LOGGER.log(
          System.Logger.Level.INFO,
          "io_uring registers no buffers (error {0}): each operation pins its own; raise the"
              + " limit of locked memory (ulimit -l)",
          failure);
    }
    return RegisteredBuffers.NONE;
  }

  /** The places of one memory in the tables of all rings. */
  private final class Registration implements RegisteredBuffers {

    private final List<List<Integer>> places = new ArrayList<>();
    private final AtomicBoolean ended = new AtomicBoolean();
    private int failure;

    Registration(MemorySegment memory) {
      for (RingLoop loop : loops) {
        List<Integer> made = new ArrayList<>();
        places.add(made);
        if (failure == 0) {
          onRing(loop, () -> failure = add(loop, memory, made));
        }
      }
    }

    private int add(RingLoop loop, MemorySegment memory, List<Integer> made) {
      for (long done = 0; done < memory.byteSize(); done += BufferTable.MAX_BYTE_SIZE) {
        long byteSize = Math.min(BufferTable.MAX_BYTE_SIZE, memory.byteSize() - done);
        int place = loop.buffers().add(memory.address() + done, byteSize);
        if (place < 0) {
          return -place;
        }
        made.add(place);
      }
      return 0;
    }

    int failure() {
      return failure;
    }

    @Override
    public boolean isRegistered() {
      return failure == 0 && !ended.get();
    }

    @Override
    public void close() {
      if (!ended.compareAndSet(false, true)) {
        return;
      }
      for (int i = 0; i < loops.size(); i++) {
        RingLoop loop = loops.get(i);
        List<Integer> made = places.get(i);
        onRing(loop, () -> made.forEach(loop.buffers()::remove));
      }
    }
  }

  /** Does something on a ring's thread and waits for it; does nothing once the ring has ended. */
  private static void onRing(RingLoop loop, Runnable action) {
    if (loop.isOwnThread()) {
      action.run();
      return;
    }
    CountDownLatch done = new CountDownLatch(1);
    Runnable order =
        () -> {
          try {
            action.run();
          } finally {
            done.countDown();
          }
        };
    if (!loop.submit(new RingLoop.Order(order))) {
      return;
    }
    boolean interrupted = false;
    while (true) {
      try {
        done.await();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    ThreadEngine beside;
    synchronized (fallbackLock) {
      closed = true;
      beside = fallback;
    }
    gate.close();
    loops.forEach(RingLoop::close);
    if (loops.stream().noneMatch(RingLoop::isOwnThread)) {
      loops.forEach(RingLoop::join);
    }
    if (beside != null) {
      beside.close();
    }
  }
}
