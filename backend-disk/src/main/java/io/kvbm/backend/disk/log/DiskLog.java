package io.kvbm.backend.disk.log;

import io.kvbm.api.BackendException;
import io.kvbm.api.CallerException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.disk.Disk;
import io.kvbm.api.disk.DiskFile;
import io.kvbm.api.store.Durability;
import io.kvbm.api.store.Log;
import io.kvbm.backend.disk.io.IoCallback;
import io.kvbm.backend.disk.io.IoEngine;
import io.kvbm.backend.disk.io.IoRequest;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A log in segments. Records gather in a group while the one before it is written; whoever finds
 * nothing being written takes the group, and the end of each write takes the next. One sync serves
 * everyone in a group who asked for it. See the package for the format.
 *
 * <p>A record is taken only where it can be written without asking the disk for space: a full disk
 * is told before anything happened. The first write or sync that fails poisons the log: what waits
 * and what is appended later fails until it is opened again; what was synced can still be replayed.
 */
final class DiskLog implements Log {

  private static final long FIRST_GROUP_BYTE_SIZE = 64 << 10;

  /** What is not waited for is written when so much has gathered, in bytes. */
  private static final long GATHERED_BYTE_SIZE = 256 << 10;

  private final SegmentFiles files;
  private final IoEngine engine;
  private final Lane lane;
  private final LogSettings settings;
  private final LogChecks checks;
  private final SegmentSupply supply;
  private final Disk.DiskLock directoryLock;
  private final Runnable whenClosed;
  private final ReentrantLock truncating = new ReentrantLock();

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  // Guarded by the lock.
  private final List<Segment> segments;
  private Group filling;
  private @Nullable Group spare;
  private boolean busy;
  private long writing;
  private boolean closed;
  private @Nullable KvbmException poison;
  private long next;
  private long syncedSequence;
  private long syncedEnd = SegmentHeader.PAGE;

  // Of whoever made the log busy.
  private final Frame frame = new Frame();
  private DiskFile file;

  private DiskLog(
      SegmentFiles files,
      Lane lane,
      SegmentSupply supply,
      Disk.DiskLock directoryLock,
      LogRecovery found,
      DiskFile file,
      Segment active,
      Runnable whenClosed) {
    this.files = files;
    this.engine = files.engine();
    this.lane = lane;
    this.settings = files.settings();
    this.checks = files.checks();
    this.supply = supply;
    this.directoryLock = directoryLock;
    this.whenClosed = whenClosed;
    this.segments = new ArrayList<>(found.segments());
    this.segments.add(active);
    this.file = file;
    this.next = found.nextSequence();
    this.syncedSequence = next - 1;
    this.filling = newGroup();
  }

  private Group newGroup() {
    return new Group(engine::newArena, Math.min(FIRST_GROUP_BYTE_SIZE, settings.groupByteSize()));
  }

  /**
   * Opens a log, recovering what a former run left.
   *
   * @param threads platform threads that are never interrupted; {@code Runnable::run} only where
   *     the callers are such
   * @param whenClosed run when the log is closed
   */
  static DiskLog open(SegmentFiles files, Executor threads, Runnable whenClosed) {
    Lane lane = new Lane(threads);
    return lane.call(() -> openHere(files, lane, whenClosed));
  }

  private static DiskLog openHere(SegmentFiles files, Lane lane, Runnable whenClosed) {
    files.makeDirectory();
    Disk.DiskLock directoryLock = files.lock();
    SegmentSupply supply = new SegmentSupply(files);
    DiskFile file = null;
    try {
      LogRecovery found = new LogRecovery(files);
      found.run();
      file = supply.take();
      Segment active = files.name(file, found.next());
      DiskLog log =
          new DiskLog(files, lane, supply, directoryLock, found, file, active, whenClosed);
      log.prepareAhead();
      return log;
    } catch (RuntimeException e) {
      release(supply, file, directoryLock, e);
      throw e;
    }
  }

  private static void release(
      SegmentSupply supply,
      @Nullable DiskFile file,
      Disk.DiskLock directoryLock,
      @Nullable RuntimeException reason) {
    RuntimeException failure = reason;
    List<Runnable> steps = new ArrayList<>();
    steps.add(supply::close);
    if (file != null) {
      steps.add(file::close);
    }
    steps.add(directoryLock::close);
    for (Runnable step : steps) {
      try {
        step.run();
      } catch (RuntimeException e) {
        if (failure == null) {
          failure = e;
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (reason == null && failure != null) {
      throw failure;
    }
  }

  private void prepareAhead() {
    if (settings.prepareAhead()) {
      lane.start(supply::prepare);
    } else {
      supply.prepare();
    }
  }

  @Override
  public CompletionStage<Long> append(MemorySegment record, Durability durability) {
    if (record.byteSize() > maxRecordByteSize()) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "a record of %d bytes is longer than the %d of this log; make 'logSegmentSize' larger"
              .formatted(record.byteSize(), maxRecordByteSize()));
    }
    try {
      CompletableFuture<Long> future = new CompletableFuture<>();
      while (true) {
        if (supply.isExhausted() || !isCoveredNow(record)) {
          lane.call(supply::require);
        }
        boolean taken = tryGather(record, durability, future);
        pump();
        if (taken) {
          return future;
        }
      }
    } catch (ClosedException e) {
      throw e;
    } catch (KvbmException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  private boolean isCoveredNow(MemorySegment record) {
    lock.lock();
    try {
      requireOpen();
      requireSound();
      return isCovered(record);
    } finally {
      lock.unlock();
    }
  }

  /** {@return whether the record was taken; where the group was full, after it may not be} */
  @SuppressWarnings("WaitNotInLoop") // the caller comes again
  private boolean tryGather(
      MemorySegment record, Durability durability, CompletableFuture<Long> future) {
    lock.lock();
    try {
      requireOpen();
      requireSound();
      if (!isCovered(record)) {
        return false;
      }
      if (!filling.fits(record.byteSize(), settings.groupByteSize())) {
        filling.wants(Durability.WRITTEN);
        if (busy) {
          changed.awaitUninterruptibly();
        }
        return false;
      }
      filling.add(next, record);
      filling.wants(durability);
      if (filling.byteSize() >= GATHERED_BYTE_SIZE) {
        filling.wants(Durability.WRITTEN);
      }
      if (durability == Durability.NONE) {
        future.complete(next);
      } else {
        filling.awaits(new Group.Waiter(future, next, durability, false));
      }
      next++;
      return true;
    } finally {
      lock.unlock();
    }
  }

  private void requireOpen() {
    if (closed) {
      throw new ClosedException(ErrorCode.CLOSED, "log " + files.directory() + " is closed");
    }
  }

  private void requireSound() {
    if (poison != null) {
      throw poisoned(poison);
    }
  }

  private BackendException poisoned(KvbmException cause) {
    return new BackendException(
        ErrorCode.POISONED,
        "log %s takes nothing more, for a write or sync failed: %s; open it again"
            .formatted(files.directory(), cause.getMessage()),
        cause instanceof BackendException e ? e.nativeCode() : BackendException.NO_NATIVE_CODE,
        cause);
  }

  private Segment active() {
    return segments.getLast();
  }

  /** Takes the queue, unless another has it. */
  private void pump() {
    Group group;
    boolean roomy;
    lock.lock();
    try {
      if (busy || poison != null || !filling.isWanted()) {
        return;
      }
      busy = true;
      group = filling;
      group.enter();
      filling = spare != null ? spare : newGroup();
      spare = null;
      changed.signalAll();
      roomy = group.count() == 0 || room() >= group.pagesByteSize();
      writing = group.pagesByteSize();
    } finally {
      lock.unlock();
    }
    try {
      if (roomy) {
        write(group);
      } else {
        lane.start(() -> writeToNextSegment(group));
      }
    } catch (RuntimeException e) {
      poison(group, failure(e));
    }
  }

  /** {@return how many bytes the segment still takes} A page is left for the mark of the close. */
  private long room() {
    Segment active = active();
    return active.header().byteSize() - SegmentHeader.PAGE - Group.pages(active.end());
  }

  /**
   * {@return whether a record can be written whatever becomes of the disk: in this segment behind
   * what is gathered and being written, or in the next, which is there}
   */
  private boolean isCovered(MemorySegment record) {
    long gathered = Group.pages(filling.byteSize() + Group.framed(record.byteSize()));
    return supply.isReady() || room() >= gathered + (busy ? writing : 0);
  }

  private void writeToNextSegment(Group group) {
    try {
      rotate(group.first());
    } catch (RuntimeException e) {
      poison(group, failure(e));
      return;
    }
    write(group);
  }

  private static KvbmException failure(RuntimeException e) {
    return e instanceof KvbmException known
        ? known
        : new BackendException(ErrorCode.OPERATION_FAILED, "cannot write a log: " + e, e);
  }

  /** Blocks; only whoever made the log busy does so. */
  private void rotate(long firstSequence) {
    DiskFile fresh = supply.take();
    Segment former = active();
    Segment made;
    try {
      files.sync(file);
      made = files.name(fresh, former.next(firstSequence, settings.segmentByteSize()));
    } catch (RuntimeException e) {
      fresh.close();
      throw e;
    }
    DiskFile old = file;
    file = fresh;
    lock.lock();
    try {
      syncedSequence = former.last();
      syncedEnd = SegmentHeader.PAGE;
      segments.add(made);
    } finally {
      lock.unlock();
    }
    old.close();
    prepareAhead();
  }

  private void write(Group group) {
    if (group.count() == 0) {
      written(group);
      return;
    }
    Segment segment = active();
    long position = Group.pages(segment.end());
    int chain = group.seal(frame, segment.header(), position, segment.chain(), syncedSequence);
    IoCallback told =
        new IoCallback() {
          @Override
          public void completed(IoRequest request, @Nullable KvbmException failure) {
            if (failure != null) {
              poison(group, failure);
            } else {
              grow(segment, group, position + group.byteSize(), chain);
              written(group);
            }
          }

          @Override
          public void released(IoRequest request) {
            leave(group);
          }
        };
    group.enter(); // the memory is the engine's until it is released, which is after it is written
    try {
      engine.submit(List.of(IoRequest.write(file, position, group.sealed(), told)));
    } catch (RuntimeException e) {
      leave(group);
      poison(group, failure(e));
    }
  }

  private void grow(Segment segment, Group group, long end, int chain) {
    lock.lock();
    try {
      segment.grow(group, end, chain);
    } finally {
      lock.unlock();
    }
  }

  private void written(Group group) {
    complete(group.take(!group.wantsSync()), null);
    if (!group.wantsSync()) {
      finish(group);
      return;
    }
    if (!checks.syncs()) {
      synced(group);
      return;
    }
    IoCallback told =
        (_, failure) -> {
          if (failure != null) {
            poison(group, failure);
          } else {
            synced(group);
          }
        };
    try {
      engine.submit(List.of(IoRequest.sync(file, told)));
    } catch (RuntimeException e) {
      poison(group, failure(e));
    }
  }

  private void synced(Group group) {
    lock.lock();
    try {
      syncedSequence = active().last();
      syncedEnd = active().end();
    } finally {
      lock.unlock();
    }
    complete(group.take(true), null);
    finish(group);
  }

  private void finish(Group group) {
    leave(group);
    lock.lock();
    try {
      busy = false;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    pump();
  }

  private void poison(Group group, KvbmException reason) {
    List<Group.Waiter> told;
    lock.lock();
    try {
      if (poison == null) {
        poison = reason;
      }
      told = group.take(true);
      told.addAll(filling.take(true));
      busy = false;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    leave(group);
    complete(told, poisoned(reason));
  }

  /** Continuations of users never run on the engine's threads. */
  private void complete(List<Group.Waiter> waiters, @Nullable KvbmException failure) {
    List<Group.Waiter> outside = new ArrayList<>(waiters.size());
    for (Group.Waiter waiter : waiters) {
      if (waiter.inside()) {
        tell(waiter, failure);
      } else {
        outside.add(waiter);
      }
    }
    if (!outside.isEmpty()) {
      Runnable telling = () -> outside.forEach(waiter -> tell(waiter, failure));
      try {
        lane.start(telling);
      } catch (RejectedExecutionException e) {
        telling.run(); // the threads end before the log: told here rather than never
      }
    }
  }

  private static void tell(Group.Waiter waiter, @Nullable KvbmException failure) {
    if (failure == null) {
      waiter.future().complete(waiter.sequence());
    } else {
      waiter.future().completeExceptionally(failure);
    }
  }

  /** The last to leave a group makes it the next to be filled. */
  private void leave(Group group) {
    lock.lock();
    try {
      if (!group.leave()) {
        return;
      }
      if (spare == null && !closed) {
        group.clear();
        spare = group;
        return;
      }
    } finally {
      lock.unlock();
    }
    group.free();
  }

  /** Has everything gathered so far written or synced, and waits for it. */
  private void flush(Durability durability) {
    CompletableFuture<Long> future = new CompletableFuture<>();
    lock.lock();
    try {
      requireSound();
      boolean done =
          !busy
              && filling.count() == 0
              && (durability == Durability.WRITTEN || syncedSequence >= active().last());
      if (done) {
        return;
      }
      filling.wants(durability);
      filling.awaits(new Group.Waiter(future, next - 1, durability, true));
    } finally {
      lock.unlock();
    }
    pump();
    try {
      future.join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof KvbmException cause ? cause : e;
    }
  }

  @Override
  public void sync() {
    lock.lock();
    try {
      requireOpen();
    } finally {
      lock.unlock();
    }
    flush(Durability.SYNCED);
  }

  @Override
  public long maxRecordByteSize() {
    return settings.maxRecordByteSize();
  }

  @Override
  public long nextSequence() {
    lock.lock();
    try {
      return next;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public long firstSequence() {
    lock.lock();
    try {
      for (Segment segment : segments) {
        if (!segment.isEmpty()) {
          return segment.firstRecord();
        }
      }
      return filling.count() > 0 ? filling.first() : next;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public long replay(long fromSequence, RecordReader reader) {
    List<Part> parts = parts(fromSequence);
    long behind = Math.max(1, Math.min(fromSequence, nextSequence()));
    for (Part part : parts) {
      DiskFile segment = open(part);
      if (segment == null) {
        continue; // dropped meanwhile
      }
      try (segment;
          SegmentReader bytes = new SegmentReader(engine, segment, Group.pages(part.end()))) {
        SegmentScan scan = new SegmentScan(bytes, part.header(), checks);
        scan.run(part.end(), fromSequence, reader);
        if (scan.damage() != null) {
          throw LogRecovery.damaged(part.path(), scan.end(), scan.damage());
        }
        behind = Math.max(behind, scan.lastRecord() + 1);
        if (scan.isStopped()) {
          break;
        }
      }
    }
    return behind;
  }

  /** A segment as far as it is to be read. */
  private record Part(SegmentHeader header, Path path, long end) {}

  private List<Part> parts(long fromSequence) {
    boolean poisonedBefore;
    lock.lock();
    try {
      requireOpen();
      poisonedBefore = poison != null;
    } finally {
      lock.unlock();
    }
    if (!poisonedBefore) {
      flush(Durability.WRITTEN);
    }
    List<Part> parts = new ArrayList<>();
    lock.lock();
    try {
      for (Segment segment : segments) {
        boolean isActive = segment == active();
        long end = isActive && poison != null ? syncedEnd : segment.end();
        if (!segment.isEmpty() && segment.last() >= fromSequence) {
          parts.add(new Part(segment.header(), segment.path(), end));
        }
      }
    } finally {
      lock.unlock();
    }
    return parts;
  }

  private @Nullable DiskFile open(Part part) {
    try {
      return lane.call(() -> files.openToRead(part.path()));
    } catch (CallerException e) {
      if (e.code() == ErrorCode.NOT_FOUND && isDropped(part)) {
        return null;
      }
      throw e;
    }
  }

  private boolean isDropped(Part part) {
    lock.lock();
    try {
      return segments.getFirst().header().number() > part.header().number();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void truncateBefore(long beforeSequence) {
    truncating.lock();
    try {
      while (true) {
        Segment oldest = droppable(beforeSequence);
        if (oldest == null) {
          return;
        }
        // One after the other, each name gone for good before the next: a power cut leaves no hole.
        Path path = oldest.path();
        lane.run(() -> files.remove(path));
      }
    } catch (RuntimeException e) {
      poisonUnlessClosed(e);
      throw e;
    } finally {
      truncating.unlock();
    }
  }

  /** {@return the oldest segment, no longer one of the log, where all of it may go; else null} */
  private @Nullable Segment droppable(long beforeSequence) {
    lock.lock();
    try {
      requireOpen();
      boolean needed =
          segments.size() == 1 || segments.get(1).header().firstSequence() > beforeSequence;
      return needed ? null : segments.removeFirst();
    } finally {
      lock.unlock();
    }
  }

  /** A name that may or may not be gone leaves nothing to build on. */
  private void poisonUnlessClosed(RuntimeException e) {
    List<Group.Waiter> told;
    lock.lock();
    try {
      if (closed || poison != null) {
        return;
      }
      poison = failure(e);
      told = filling.take(true);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    complete(told, poisoned(failure(e)));
  }

  @Override
  public void close() {
    lock.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
    } finally {
      lock.unlock();
    }
    RuntimeException failure = null;
    try {
      closeInOrder();
    } catch (RuntimeException e) {
      failure = e;
    }
    RuntimeException reason = failure;
    try {
      lane.run(() -> release(supply, file, directoryLock, reason));
    } finally {
      freeGroups();
      whenClosed.run();
    }
    if (reason != null) {
      throw reason;
    }
  }

  private void freeGroups() {
    lock.lock();
    try {
      filling.free();
      Group other = spare;
      spare = null;
      if (other != null) {
        other.free();
      }
    } finally {
      lock.unlock();
    }
  }

  private void closeInOrder() {
    lock.lock();
    try {
      if (poison != null) {
        awaitIdle();
        return;
      }
    } finally {
      lock.unlock();
    }
    flush(Durability.SYNCED);
    lock.lock();
    try {
      awaitIdle();
      busy = true;
    } finally {
      lock.unlock();
    }
    lane.run(this::writeClosingMark);
  }

  private void awaitIdle() {
    while (busy) {
      changed.awaitUninterruptibly();
    }
  }

  /** Says that nothing was under way, so that the next start need not suspect it. */
  private void writeClosingMark() {
    Segment segment = active();
    long position = Group.pages(segment.end());
    try (Arena arena = engine.newArena()) {
      MemorySegment page = arena.allocate(SegmentHeader.PAGE, SegmentHeader.PAGE);
      MemorySegment head = page.asSlice(0, Frame.GROUP_BYTE_SIZE);
      Frame.putGroup(head, Frame.GROUP_BYTE_SIZE, Frame.CLOSING, next, 0, syncedSequence);
      frame.seal(head, Frame.GROUP_BYTE_SIZE, segment.chain(), segment.header().crc(), position);
      files.write(file, position, page);
    }
    files.sync(file);
    file.truncate(position + SegmentHeader.PAGE);
    files.syncAll(file);
  }
}
