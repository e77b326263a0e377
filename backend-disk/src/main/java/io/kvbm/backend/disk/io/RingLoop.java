package io.kvbm.backend.disk.io;

import io.kvbm.api.BackendException;
import io.kvbm.api.CallerException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.backend.disk.file.Errno;
import io.kvbm.backend.disk.file.FileErrors;
import io.kvbm.backend.disk.file.PosixFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A ring and the one thread that touches it: takes requests in, cuts them into pieces, shares the
 * kernel's slots between reads and writes, and tells the callbacks.
 */
final class RingLoop {

  /** The most bytes of one operation. */
  static final int MAX_PIECE = 1 << 20;

  private static final System.Logger LOGGER = System.getLogger(RingLoop.class.getName());

  private static final VarHandle ASLEEP;

  static {
    try {
      ASLEEP = MethodHandles.lookup().findVarHandle(RingLoop.class, "asleep", boolean.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  // User data beside those of pieces, whose upper bit is never set.
  private static final long WAKE = -1;
  private static final long CANCEL = -2;

  /**
   * What the wake-up reads into and nobody looks at. Never freed: the kernel may use it a moment
   * longer than the ring lives.
   */
  private static final MemorySegment WAKE_BUFFER = Arena.global().allocate(ValueLayout.JAVA_LONG);

  /** Room for the wake-up, and for cancellations before the next hand-over. */
  private static final int SPARE_ENTRIES = 8;

  /**
   * How many operations are handed over at once, and worked off before the next are handed over.
   * Whoever gathers more leaves the device idle meanwhile: at 4 KiB and a depth of 32 a virtio disk
   * did a quarter more in twos than in whatever had gathered.
   */
  private static final int GROUP = 2;

  private static final int ETIME = 62;
  private static final int EAGAIN = 11;
  private static final int EBADF = 9;
  private static final int EBUSY = 16;
  private static final int ECANCELED = 125;

  /** How often an operation is tried again that the kernel gave up for a reason of the moment. */
  private static final int MAX_RETRIES = 1000;

  private static final long BROKEN_WAIT_NANOS = TimeUnit.MILLISECONDS.toNanos(10);
  private static final long BROKEN_PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(10);

  /** What is done on the ring's thread. */
  sealed interface Work permits Batch, Order {}

  /** Requests on files that have a descriptor. */
  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  record Batch(IoRequest[] requests, int count) implements Work {}

  /** Anything else that only the ring's thread may do. */
  record Order(Runnable action) implements Work {}

  private final UringCalls calls;
  private final UringSettings settings;
  private final IoCounters counters;
  private final FileErrors errors;
  private final Inbox<Work> inbox = new Inbox<>();
  private final JobQueue reads = new JobQueue();
  private final JobQueue writes = new JobQueue();
  private final DeadlineHeap deadlines = new DeadlineHeap();
  private final ArrayList<Job> freeJobs = new ArrayList<>();
  private final Piece[] pieces;
  private final Thread thread;
  private final int eventCounter;
  private @Nullable Piece freePieces;
  private int readsInFlight;
  private int writesInFlight;
  private int jobCount;
  private boolean wakeArmed;

  @SuppressWarnings("NullAway.Init") // set on the ring's thread before anything uses it
  private Ring ring;

  @SuppressWarnings("NullAway.Init") // with the ring
  private FileTable files;

  @SuppressWarnings("NullAway.Init") // with the ring
  private BufferTable buffers;

  @SuppressWarnings("unused") // through ASLEEP
  private volatile boolean asleep;

  private volatile boolean closing;
  private volatile @Nullable KvbmException broken;

  private RingLoop(
      String name,
      UringCalls calls,
      int eventCounter,
      UringSettings settings,
      IoCounters counters,
      FileErrors errors,
      CompletableFuture<Integer> started) {
    this.calls = calls;
    this.eventCounter = eventCounter;
    this.settings = settings;
    this.counters = counters;
    this.errors = errors;
    this.pieces = new Piece[settings.depth()];
    for (int i = settings.depth() - 1; i >= 0; i--) {
      pieces[i] = new Piece(i);
      pieces[i].next = freePieces;
      freePieces = pieces[i];
    }
    this.thread = Thread.ofPlatform().daemon().name(name).unstarted(() -> run(started));
  }

  /**
   * Starts a ring and its thread.
   *
   * @throws RingRefusedException if the kernel refuses
   */
  static RingLoop start(
      String name, UringCalls calls, UringSettings settings, IoCounters counters, FileErrors errors)
      throws RingRefusedException {
    int eventCounter = calls.eventCounter();
    if (eventCounter < 0) {
      throw new RingRefusedException("eventfd", -eventCounter);
    }
    CompletableFuture<Integer> started = new CompletableFuture<>();
    RingLoop loop = new RingLoop(name, calls, eventCounter, settings, counters, errors, started);
    loop.thread.start();
    boolean interrupted = false;
    try {
      while (true) {
        try {
          started.get();
          return loop;
        } catch (InterruptedException e) {
          interrupted = true;
        } catch (ExecutionException e) {
          if (e.getCause() instanceof RingRefusedException refused) {
            throw refused;
          }
          throw new IllegalStateException("the ring's thread failed", e.getCause());
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** {@return whether the work was taken; false once the loop has ended} */
  boolean submit(Work work) {
    if (!inbox.add(work)) {
      return false;
    }
    wake();
    return true;
  }

  private void wake() {
    // The reader sets the flag before it looks into the inbox a last time; here it is the other way
    // round, so one of the two sees the other.
    if (asleep && ASLEEP.compareAndSet(this, true, false)) {
      calls.signal(eventCounter);
    }
  }

  /** {@return whether this is the ring's own thread} */
  boolean isOwnThread() {
    return Thread.currentThread() == thread;
  }

  /** {@return why the ring cannot be used any more, or null} */
  @Nullable KvbmException broken() {
    return broken;
  }

  /** {@return how many slots of the kernel are taken; roughly, from another thread} */
  int load() {
    return jobCount;
  }

  BufferTable buffers() {
    return buffers;
  }

  /** Lets the loop end once nothing is left to do. */
  void close() {
    closing = true;
    boolean ignored = submit(new Order(() -> {}));
  }

  /** Waits until the loop has ended. */
  void join() {
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void run(CompletableFuture<Integer> started) {
    try {
      // Made here: the kernel may tie a ring to the thread that made it.
      ring = Ring.open(calls, settings.depth() + SPARE_ENTRIES);
    } catch (RingRefusedException | RuntimeException | Error e) {
      calls.close(eventCounter);
      started.completeExceptionally(e);
      return;
    }
    files = new FileTable(ring, settings.registerFiles(), this::forget);
    buffers = new BufferTable(ring);
    started.complete(0);
    try {
      serve();
    } catch (RingBrokenException e) {
      breakDown(
          new BackendException(
              ErrorCode.OPERATION_FAILED,
              "io_uring_enter: %s; the ring cannot be used any more"
                  .formatted(errors.wordsOf(e.errno)),
              e.errno,
              null));
    } catch (RuntimeException | Error e) {
      // Whoever waits must not wait for a thread that is gone.
      breakDown(
          new BackendException(
              ErrorCode.OPERATION_FAILED, "the thread of an io_uring failed: " + e, e));
    } finally {
      files.close();
      ring.close();
      calls.close(eventCounter);
    }
  }

  /** A call on the ring failed in a way that will not pass. */
  private static final class RingBrokenException extends RuntimeException {
    private static final long serialVersionUID = 1L;
    final int errno;

    RingBrokenException(int errno) {
      super(null, null, false, false);
      this.errno = errno;
    }
  }

  private void serve() {
    while (true) {
      takeIn();
      expire();
      issue();
      if (jobCount == 0 && closing && inbox.seal()) {
        return;
      }
      enter();
      reap(GROUP);
    }
  }

  // Taking in

  private void takeIn() {
    for (Inbox.Node<Work> node = inbox.takeAll(); node != null; node = node.next) {
      switch (node.value) {
        case Batch batch -> {
          for (int i = 0; i < batch.count(); i++) {
            begin(batch.requests()[i]);
          }
        }
        case Order order -> order.action().run();
        case null -> {}
      }
    }
  }

  private void begin(IoRequest request) {
    int descriptor = ((PosixFile) request.file()).posixDescriptor();
    KvbmException refusal = refusalOf(request, descriptor);
    if (refusal != null
        || (request.memory().byteSize() == 0 && request.kind() != IoRequest.Kind.SYNC)) {
      counters.answered(request, refusal);
      RequestRun.answer(request, refusal);
      counters.released();
      RequestRun.release(request);
      return;
    }
    Job job = freeJobs.isEmpty() ? new Job() : freeJobs.removeLast();
    job.begin(request, descriptor);
    jobCount++;
    if (request.deadlineNanos() != IoRequest.NO_DEADLINE) {
      deadlines.add(job);
    }
    (job.isWrite() ? writes : reads).add(job);
  }

  /** {@return why a request cannot be handed over, or null} */
  static @Nullable KvbmException refusalOf(IoRequest request, int descriptor) {
    if (descriptor < 0) {
      return new ClosedException(ErrorCode.CLOSED, request.file().path() + " is closed");
    }
    if (request.kind() == IoRequest.Kind.SYNC) {
      return null;
    }
    MemorySegment memory = request.memory();
    long position = request.position();
    int page = request.file().alignment();
    if (position < 0 || position > Long.MAX_VALUE - memory.byteSize()) {
      return new CallerException(
          ErrorCode.OUT_OF_BOUNDS,
          "bytes [%d, %d + %d) are no range of %s"
              .formatted(position, position, memory.byteSize(), request.file().path()));
    }
    if (!memory.isNative()
        || !memory.scope().isAlive()
        || !memory.isAccessibleBy(Thread.currentThread())
        || (request.kind() == IoRequest.Kind.READ && memory.isReadOnly())) {
      return new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          request.file().path()
              + " needs off-heap memory that is not freed and that every thread may use");
    }
    if (((position | memory.byteSize() | memory.address()) & (page - 1)) != 0) {
      return new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "direct access to %s needs multiples of %d, got position %d, length %d, address 0x%x"
              .formatted(
                  request.file().path(), page, position, memory.byteSize(), memory.address()));
    }
    return null;
  }

  // Deadlines

  private void expire() {
    Job job = deadlines.first();
    if (job == null) {
      return;
    }
    long now = System.nanoTime();
    while (job != null && job.current().deadlineNanos() - now <= 0) {
      deadlines.remove(job);
      KvbmException timeout = RequestRun.timeout(job.current());
      answer(job, timeout);
      if (job.inFlight == 0) {
        release(job);
      } else {
        cancel(job);
      }
      job = deadlines.first();
    }
  }

  private void cancel(Job job) {
    for (Piece piece : pieces) {
      if (piece.job == job) {
        makeRoom();
        ring.cancel(piece.userData(), CANCEL);
      }
    }
  }

  // Handing over

  private void issue() {
    while (freePieces != null) {
      JobQueue queue = nextQueue();
      Job job = queue == null ? null : queue.first();
      if (queue == null || job == null) {
        return;
      }
      issuePiece(job);
      if (job.isIssued()) {
        queue.remove(job);
      }
      if (ring.waiting() >= GROUP) {
        check(ring.submit());
      }
    }
  }

  /** The queue that has fewer of the kernel's slots than its weight entitles it to. */
  private @Nullable JobQueue nextQueue() {
    if (reads.isEmpty()) {
      return writes.isEmpty() ? null : writes;
    }
    if (writes.isEmpty()) {
      return reads;
    }
    long readShare = (long) readsInFlight * settings.writeWeight();
    long writeShare = (long) writesInFlight * settings.readWeight();
    return readShare <= writeShare ? reads : writes;
  }

  private void issuePiece(Job job) {
    Piece piece = freePieces;
    if (piece == null) {
      throw new IllegalStateException("no free slot");
    }
    freePieces = piece.next;
    piece.next = null;
    piece.begin(job);
    IoRequest request = job.current();
    piece.write = job.isWrite();
    if (request.kind() == IoRequest.Kind.SYNC) {
      piece.length = 0;
      job.issued = 1;
    } else {
      piece.length = (int) Math.min(MAX_PIECE, job.length - job.issued);
      piece.position = request.position() + job.issued;
      piece.address = request.memory().address() + job.issued;
      job.issued += piece.length;
    }
    job.inFlight++;
    if (piece.write) {
      writesInFlight++;
    } else {
      readsInFlight++;
    }
    hand(piece);
  }

  /** Adds what is left of a piece to the submission queue. */
  private void hand(Piece piece) {
    makeRoom();
    Job job = piece.owner();
    IoRequest request = job.current();
    int index = files.indexOf((PosixFile) request.file(), job.descriptor);
    boolean registered = index >= 0;
    int file = registered ? index : job.descriptor;
    if (request.kind() == IoRequest.Kind.SYNC) {
      ring.sync(file, registered, piece.userData());
      return;
    }
    int buffer = buffers.indexOf(piece.address, piece.length);
    byte operation;
    if (buffer >= 0) {
      operation = piece.write ? Ring.OP_WRITE_FIXED : Ring.OP_READ_FIXED;
    } else {
      operation = piece.write ? Ring.OP_WRITE : Ring.OP_READ;
    }
    ring.transfer(
        operation,
        file,
        registered,
        piece.position,
        piece.address,
        piece.length,
        Math.max(0, buffer),
        piece.userData());
  }

  private void makeRoom() {
    while (!ring.hasRoom()) {
      check(ring.submit());
    }
  }

  // Waiting

  private void enter() {
    armWake();
    if (ring.hasCompletion()) {
      if (ring.waiting() > 0) {
        check(ring.submit());
      }
      return;
    }
    ASLEEP.setVolatile(this, true);
    if (inbox.isEmpty()) {
      check(ring.submitAndWait(waitNanos()));
    } else {
      check(ring.submit());
    }
    ASLEEP.setVolatile(this, false);
  }

  private long waitNanos() {
    Job job = deadlines.first();
    return job == null
        ? Long.MAX_VALUE
        : Math.max(1, job.current().deadlineNanos() - System.nanoTime());
  }

  private void armWake() {
    if (!wakeArmed) {
      makeRoom();
      ring.transfer(
          Ring.OP_READ, eventCounter, false, 0, WAKE_BUFFER.address(), Long.BYTES, 0, WAKE);
      wakeArmed = true;
    }
  }

  private static void check(int result) {
    switch (-result) {
      case Errno.EINTR, EAGAIN, EBUSY, ETIME -> {} // passes: the loop comes round again
      default -> {
        if (result < 0) {
          throw new RingBrokenException(-result);
        }
      }
    }
  }

  // Finishing

  private void reap(int most) {
    for (int i = 0; i < most && ring.hasCompletion(); i++) {
      long userData = ring.userData();
      int result = ring.result();
      ring.consume();
      if (userData == WAKE) {
        wakeArmed = false;
      } else if (userData != CANCEL) {
        finished(pieces[Piece.indexOf(userData)], result);
      }
    }
  }

  private void finished(Piece piece, int result) {
    Job job = piece.owner();
    IoRequest request = job.current();
    if (result > 0 && piece.length > 0) {
      int moved = result & -job.alignment;
      piece.position += moved;
      piece.address += moved;
      piece.length -= moved;
      if (piece.length > 0 && moved > 0 && !job.answered) {
        hand(piece);
        return;
      }
      if (piece.length > 0 && moved == 0) {
        fail(job, stuck(job, piece));
      }
    } else if (result == 0 && piece.length > 0) {
      fail(job, stuck(job, piece));
    } else if (result < 0) {
      boolean passing = result == -Errno.EINTR || result == -EAGAIN;
      if (passing && !job.answered && piece.retries++ < MAX_RETRIES) {
        hand(piece);
        return;
      }
      fail(job, failureOf(request, -result, errors));
    }
    end(piece, job);
  }

  private void end(Piece piece, Job job) {
    if (piece.write) {
      writesInFlight--;
    } else {
      readsInFlight--;
    }
    piece.job = null;
    piece.next = freePieces;
    freePieces = piece;
    job.inFlight--;
    if (job.inFlight > 0 || !job.isIssued()) {
      return;
    }
    if (!job.answered) {
      deadlines.remove(job);
      answer(job, job.failure);
    }
    release(job);
  }

  /** Zero bytes, or less than a page: the end of the file, or a device that does not go on. */
  private static KvbmException stuck(Job job, Piece piece) {
    IoRequest request = job.current();
    return piece.write
        ? RequestRun.noProgress(request.file(), piece.position)
        : RequestRun.endOfFile(
            request.file(),
            request.position(),
            piece.position - request.position(),
            request.memory().byteSize());
  }

  /** {@return what an error number of the kernel means for a request} */
  static KvbmException failureOf(IoRequest request, int errno, FileErrors errors) {
    if (errno == EBADF) {
      return new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "cannot %s %s: not opened for it".formatted(verb(request), request.file().path()));
    }
    if (errno == ECANCELED) {
      return new BackendException(
          ErrorCode.OPERATION_FAILED,
          "the kernel gave up a %s of %s".formatted(verb(request), request.file().path()),
          errno,
          null);
    }
    return errors.of(errno, verb(request), request.file().path(), request.memory().byteSize());
  }

  private static String verb(IoRequest request) {
    return switch (request.kind()) {
      case READ -> "read";
      case WRITE -> "write";
      case SYNC -> "sync";
    };
  }

  private void fail(Job job, KvbmException cause) {
    if (job.failure == null) {
      job.failure = cause;
    }
    if (job.queued) {
      (job.isWrite() ? writes : reads).remove(job);
    }
  }

  private void answer(Job job, @Nullable KvbmException failure) {
    job.answered = true;
    if (job.queued) {
      (job.isWrite() ? writes : reads).remove(job);
    }
    counters.answered(job.current(), failure);
    RequestRun.answer(job.current(), failure);
  }

  private void release(Job job) {
    IoRequest request = job.current();
    job.request = null;
    jobCount--;
    if (freeJobs.size() < 2 * settings.depth()) {
      freeJobs.add(job);
    }
    counters.released();
    RequestRun.release(request);
  }

  private void forget(PosixFile file, int descriptor) {
    inbox.add(new Order(() -> files.forget(file, descriptor)));
    wake();
  }

  // Breaking down

  /** Answers everything with the failure, and releases what the kernel is done with. */
  private void breakDown(KvbmException failure) {
    LOGGER.log(System.Logger.Level.ERROR, "{0}; going on with threads", failure.getMessage());
    broken = failure;
    asleep = false;
    do {
      takeIn();
      failWaiting(reads, failure);
      failWaiting(writes, failure);
    } while (!inbox.seal());
    for (Piece piece : pieces) {
      Job job = piece.job;
      if (job != null && !job.answered) {
        deadlines.remove(job);
        fail(job, failure);
        answer(job, failure);
      }
    }
    awaitKernel();
  }

  private void failWaiting(JobQueue queue, KvbmException failure) {
    for (Job job = queue.first(); job != null; job = queue.first()) {
      deadlines.remove(job);
      answer(job, failure);
      if (job.inFlight == 0) {
        release(job);
      }
    }
  }

  /** Memory the kernel may still write to must not be used for anything else. */
  private void awaitKernel() {
    long end = System.nanoTime() + BROKEN_PATIENCE_NANOS;
    while (jobCount > 0 && System.nanoTime() - end < 0) {
      ring.submitAndWait(BROKEN_WAIT_NANOS);
      reap(Integer.MAX_VALUE);
      if (jobCount > 0) {
        java.util.concurrent.locks.LockSupport.parkNanos(BROKEN_WAIT_NANOS);
      }
    }
    if (jobCount > 0) {
      LOGGER.log(
          System.Logger.Level.ERROR,
          "{0} requests of a broken io_uring may still use their memory; it is never released",
          jobCount);
    }
  }
}
