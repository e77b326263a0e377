package io.kvbm.backend.disk.object;

import io.kvbm.api.BackendException;
import io.kvbm.api.CallerException;
import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.disk.DiskFile;
import io.kvbm.api.store.ObjectStat;
import io.kvbm.backend.disk.io.IoCallback;
import io.kvbm.backend.disk.io.IoEngine;
import io.kvbm.backend.disk.io.IoRequest;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.StampedLock;
import org.jspecify.annotations.Nullable;

/**
 * The end of the log, where changes are written.
 *
 * <p>Calls queue up; one of them leads: it writes what all of them want as one record and tells
 * them. Those that want it durable then share a sync: while one runs, others write, and the next
 * sync covers them all. The first write or sync that fails ends all writing until the store is
 * opened again. Threading: safe from any thread.
 */
final class CommitLog implements AutoCloseable {

  private static final long PIECE = 1 << 20;
  private static final IoCallback IGNORED = (request, failure) -> {};

  private final StoreFiles files;
  private final IoEngine engine;
  private final Buffers buffers;
  private final Index index;
  private final Segments segments;
  private final StoreSettings settings;
  private final StoreCounters counters;
  private final StoreClock clock;
  private final UUID store;
  private final Reserve reserve;
  private final Superseded superseded;

  private final ConcurrentLinkedQueue<Commit> waiting = new ConcurrentLinkedQueue<>();
  private final AtomicBoolean leading = new AtomicBoolean();
  private final ReentrantLock syncLock = new ReentrantLock();
  private final StampedLock visibility = new StampedLock();
  private final LongAdder appended = new LongAdder();

  // Of the leader.
  private DiskFile active;
  private long segment;
  private long end;
  private int chain;
  private long lastSequence;
  private boolean freeing;
  private long previousSegment;
  private long previousStart;
  private long previousEnd;

  private volatile long firstSegment;
  private volatile long writtenSequence;
  private volatile long syncedSequence;
  private volatile @Nullable KvbmException poison;
  private volatile long activeSegment;

  /** Told of values that nothing refers to any more. */
  interface Superseded {
    void replaced(String key, Location former, long bySequence);
  }

  CommitLog(
      StoreFiles files,
      IoEngine engine,
      Buffers buffers,
      Index index,
      Segments segments,
      StoreSettings settings,
      StoreCounters counters,
      StoreClock clock,
      UUID store,
      Reserve reserve,
      Superseded superseded,
      DiskFile active,
      LogState state,
      long firstSegment,
      long firstSequence) {
    this.files = files;
    this.engine = engine;
    this.buffers = buffers;
    this.index = index;
    this.segments = segments;
    this.settings = settings;
    this.counters = counters;
    this.clock = clock;
    this.store = store;
    this.reserve = reserve;
    this.superseded = superseded;
    this.active = active;
    this.segment = state.segment();
    this.activeSegment = segment;
    this.end = state.end();
    this.chain = state.chain();
    this.previousSegment = segment;
    this.previousStart = state.recordStart();
    this.previousEnd = end;
    this.lastSequence = firstSequence;
    this.writtenSequence = state.lastSequence();
    this.syncedSequence = state.lastSequence();
    this.firstSegment = firstSegment;
  }

  /** Starts in a new file behind a tail that is left as it is. */
  void startBehind(LogState found) {
    previousSegment = found.segment();
    previousStart = found.recordStart();
    previousEnd = found.end();
  }

  /** Writes changes and waits until readers see them; fails if they could not be written. */
  void write(Commit commit) {
    requireHealthy();
    waiting.add(commit);
    boolean interrupted = false;
    while (!commit.isDone()) {
      if (leading.compareAndSet(false, true)) {
        try {
          while (!commit.isDone()) {
            lead();
          }
        } finally {
          leading.set(false);
          Commit next = waiting.peek();
          if (next != null) {
            LockSupport.unpark(next.caller());
          }
        }
      } else {
        LockSupport.park(this);
        interrupted |= Thread.interrupted();
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    commit.throwFailure();
  }

  private void lead() {
    List<Commit> group = takeGroup();
    try {
      writeGroup(group);
    } catch (CapacityException e) {
      writeFreeing(group, e);
    } catch (KvbmException e) {
      poison(e);
      failAll(group, indeterminate(e));
    } catch (RuntimeException | Error e) {
      BackendException failure =
          new BackendException(ErrorCode.OPERATION_FAILED, "cannot write the log: " + e, e);
      poison(failure);
      failAll(group, failure);
      throw e;
    }
  }

  private List<Commit> takeGroup() {
    List<Commit> group = new ArrayList<>();
    long byteSize = RecordHeader.BYTE_SIZE;
    Commit next = waiting.peek();
    while (next != null
        && (group.isEmpty() || byteSize + next.byteSize() <= settings.recordByteSize())) {
      group.add(next);
      byteSize += next.byteSize();
      waiting.remove();
      next = waiting.peek();
    }
    return group;
  }

  private static void failAll(List<Commit> group, KvbmException failure) {
    for (Commit commit : group) {
      if (!commit.isDone()) {
        commit.fail(failure);
      }
    }
  }

  /** There is no room for the group: what frees room may use the reserve. */
  private void writeFreeing(List<Commit> group, CapacityException full) {
    List<Commit> freeing = new ArrayList<>();
    for (Commit commit : group) {
      if (commit.isDone()) {
        continue;
      }
      if (commit.isFreeing()) {
        freeing.add(commit);
      } else {
        commit.fail(full);
      }
    }
    if (freeing.isEmpty()) {
      return;
    }
    this.freeing = true;
    try {
      reserve.release();
      writeGroup(freeing);
    } catch (CapacityException e) {
      failAll(freeing, e);
    } catch (KvbmException e) {
      poison(e);
      failAll(freeing, indeterminate(e));
    } finally {
      this.freeing = false;
    }
  }

  private void writeGroup(List<Commit> group) {
    requireHealthy();
    GroupPlan plan = new GroupPlan();
    for (Commit commit : group) {
      plan.add(commit);
    }
    if (plan.placed.isEmpty()) {
      plan.answer(writtenSequence);
      return;
    }
    long byteSize = Format.up(plan.byteSize, Format.PAGE);
    ensureRoom(byteSize);
    try (Buffers.Buffer buffer = buffers.borrow(byteSize)) {
      MemorySegment record = buffer.memory().asSlice(0, byteSize);
      plan.fill(record);
      long upTo = Math.max(plan.sequence, lastSequence + 1);
      new RecordHeader(
              store,
              segment,
              end,
              byteSize,
              plan.placed.size(),
              lastSequence + 1,
              upTo,
              syncedSequence,
              previousSegment,
              previousEnd,
              chain)
          .writeTo(record);
      lastSequence = upTo; // even where the write fails: the number is gone
      writeRecord(record);
      long start = end;
      end += byteSize;
      previousSegment = segment;
      previousStart = start;
      previousEnd = end;
      appended.add(byteSize);
      chain = RecordHeader.chainBehind(record);
      counters.group(group.size(), byteSize);
      plan.publish(segment, start, upTo);
      writtenSequence = upTo;
      plan.answer(upTo);
    }
  }

  private void writeRecord(MemorySegment record) {
    List<IoRequest> pieces = new ArrayList<>();
    for (long at = 0; at < record.byteSize(); at += PIECE) {
      MemorySegment piece = record.asSlice(at, Math.min(PIECE, record.byteSize() - at));
      pieces.add(IoRequest.write(active, end + at, piece, IGNORED));
    }
    try {
      engine.run(pieces);
    } catch (CapacityException e) {
      // The space was reserved: whatever this is, part of the record may be written.
      throw new BackendException(
          ErrorCode.OPERATION_FAILED, "cannot write reserved space: " + e.getMessage(), e);
    }
  }

  private void ensureRoom(long byteSize) {
    if (end + byteSize <= settings.segmentByteSize()) {
      return;
    }
    segments.requireRoom(segment - firstSegment + 1 - (freeing ? Reserve.SEGMENTS : 0));
    boolean small =
        counters.syncs.sum() > 0
            && counters.writtenBytes.sum() / counters.syncs.sum() < Format.CHUNK;
    DiskFile next = segments.make(segment + 1, small);
    syncLock.lock();
    try {
      // Nothing is written to the next file before this one is durable.
      syncActive();
      DiskFile full = active;
      active = next;
      segment++;
      activeSegment = segment;
      end = Format.PAGE;
      full.close();
    } finally {
      syncLock.unlock();
    }
  }

  /** Makes what was written up to a number durable. */
  void sync(long sequence) {
    if (syncedSequence >= sequence) {
      return;
    }
    syncLock.lock();
    try {
      if (syncedSequence < sequence) {
        requireHealthy();
        syncActive();
      }
    } finally {
      syncLock.unlock();
    }
  }

  private void syncActive() {
    long upTo = writtenSequence;
    if (upTo == syncedSequence) {
      return;
    }
    try {
      if (!settings.without().contains(Safeguard.SYNC)) {
        engine.run(List.of(IoRequest.sync(active, IGNORED)));
      }
    } catch (KvbmException e) {
      poison(e);
      throw indeterminate(e);
    }
    counters.syncs.increment();
    syncedSequence = upTo;
  }

  /** {@return the number of the last change readers see} */
  long writtenSequence() {
    return writtenSequence;
  }

  long syncedSequence() {
    return syncedSequence;
  }

  /** {@return bytes of all records written since the store was opened} */
  long appendedByteSize() {
    return appended.sum();
  }

  long firstSegment() {
    return firstSegment;
  }

  void dropBefore(long newFirst) {
    firstSegment = newFirst;
  }

  long activeSegment() {
    return activeSegment;
  }

  /** {@return where the log ends now, and how; taken between two groups} */
  LogState state() {
    boolean interrupted = false;
    while (!leading.compareAndSet(false, true)) {
      LockSupport.parkNanos(this, 20_000);
      interrupted |= Thread.interrupted();
    }
    try {
      return new LogState(previousSegment, previousStart, previousEnd, chain, writtenSequence);
    } finally {
      leading.set(false);
      Commit next = waiting.peek();
      if (next != null) {
        LockSupport.unpark(next.caller());
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** {@return what a reader of several keys locks, so that a batch is seen whole} */
  StampedLock visibility() {
    return visibility;
  }

  private void poison(KvbmException cause) {
    if (poison == null) {
      poison = cause;
    }
  }

  private BackendException indeterminate(KvbmException cause) {
    return new BackendException(
        ErrorCode.POISONED,
        "store %s could not be written; whether the change is kept is not known, reopen the store: %s"
            .formatted(files.directory(), cause.getMessage()),
        cause);
  }

  void requireHealthy() {
    KvbmException cause = poison;
    if (cause != null) {
      throw new BackendException(
          ErrorCode.POISONED,
          "store %s failed to write before and refuses to write on; reopen it: %s"
              .formatted(files.directory(), cause.getMessage()),
          cause);
    }
  }

  boolean isHealthy() {
    return poison == null;
  }

  @Override
  public void close() {
    active.close();
  }

  /** What one group will write. */
  private final class GroupPlan {
    private final Map<String, Optional<Location>> changed = new HashMap<>();
    private final List<Placed> placed = new ArrayList<>();
    private final List<Answer> answers = new ArrayList<>();
    private final long nowMillis = clock.nowMillis();
    private long byteSize = RecordHeader.BYTE_SIZE;
    private long sequence = lastSequence;

    private record Placed(Operation operation, EntryHeader header, long offset) {}

    private record Answer(Commit commit, List<Optional<ObjectStat>> results) {}

    /** Takes the changes of one call in, or fails it. */
    void add(Commit commit) {
      int before = placed.size();
      long byteSizeBefore = byteSize;
      Map<String, Optional<Location>> mine = new HashMap<>();
      List<Optional<ObjectStat>> results = new ArrayList<>();
      try {
        for (Operation operation : commit.operations()) {
          results.add(place(operation, mine));
        }
        changed.putAll(mine);
        answers.add(new Answer(commit, results));
      } catch (CallerException | CapacityException e) {
        placed.subList(before, placed.size()).clear();
        byteSize = byteSizeBefore;
        commit.fail(e);
      }
    }

    private Optional<ObjectStat> place(Operation operation, Map<String, Optional<Location>> mine) {
      String key = operation.header().key();
      Location current = current(key, mine);
      Location moved = operation.movedFrom();
      if (moved != null) {
        if (!moved.equals(current)) {
          return Optional.empty(); // replaced meanwhile
        }
        EntryHeader header = operation.header();
        enter(
            operation,
            operation.isDelete() ? header.withVersion(++sequence) : header.asMoved(),
            mine);
        return Optional.empty();
      }
      Location visible = current == null || current.isExpired(nowMillis) ? null : current;
      if (operation.isDelete()) {
        if (current != null) {
          enter(operation, operation.header().withVersion(++sequence), mine);
        }
        return Optional.ofNullable(visible)
            .map(found -> new ObjectStat(key, found.rawByteSize(), found.version()));
      }
      check(operation, visible);
      requireKeys(current);
      EntryHeader header = operation.header().withVersion(++sequence);
      enter(operation, header, mine);
      return Optional.of(new ObjectStat(key, header.rawByteSize(), header.version()));
    }

    private @Nullable Location current(String key, Map<String, Optional<Location>> mine) {
      Optional<Location> staged = mine.containsKey(key) ? mine.get(key) : changed.get(key);
      return staged == null ? index.get(key) : staged.orElse(null);
    }

    private void enter(
        Operation operation, EntryHeader header, Map<String, Optional<Location>> mine) {
      placed.add(new Placed(operation, header, byteSize));
      mine.put(
          header.key(),
          operation.isDelete() ? Optional.empty() : Optional.of(Location.of(header, -1, byteSize)));
      byteSize += header.entryByteSize();
    }

    private void requireKeys(@Nullable Location current) {
      if (current == null && index.count() + placed.size() >= settings.maxKeys()) {
        throw new CapacityException(
            ErrorCode.ALLOCATION_FAILED,
            "limit maxKeys of %d objects is reached; delete some or raise it"
                .formatted(settings.maxKeys()),
            1,
            0);
      }
    }

    void fill(MemorySegment record) {
      for (Placed each : placed) {
        MemorySegment target = record.asSlice(each.offset);
        each.header.writeTo(target, store);
        MemorySegment body = each.operation.body();
        if (body != null) {
          long at = each.header.headByteSize();
          MemorySegment.copy(body, 0, target, at, body.byteSize());
          target
              .asSlice(at + body.byteSize(), each.header.entryByteSize() - at - body.byteSize())
              .fill((byte) 0);
        }
      }
      record.asSlice(byteSize).fill((byte) 0);
    }

    void publish(long inSegment, long start, long upTo) {
      long stamp = placed.size() > 1 ? visibility.writeLock() : 0;
      try {
        for (Placed each : placed) {
          String key = each.header.key();
          Location former =
              each.operation.isDelete()
                  ? index.remove(key)
                  : index.put(key, Location.of(each.header, inSegment, start + each.offset));
          if (former != null && (each.operation.movedFrom() == null || each.operation.isDelete())) {
            superseded.replaced(key, former, upTo);
          }
        }
      } finally {
        if (stamp != 0) {
          visibility.unlockWrite(stamp);
        }
      }
    }

    void answer(long upTo) {
      for (Answer answer : answers) {
        answer.commit.succeed(answer.results, upTo);
      }
    }
  }

  private static void check(Operation operation, @Nullable Location visible) {
    String key = operation.header().key();
    switch (operation.condition()) {
      case ALWAYS -> {}
      case IF_ABSENT -> {
        if (visible != null) {
          throw failed("object '%s' exists, version %d".formatted(key, visible.version()));
        }
      }
      case IF_VERSION -> {
        if (visible == null || visible.version() != operation.expectedVersion()) {
          throw failed(
              "object '%s' %s, wanted version %d"
                  .formatted(
                      key,
                      visible == null ? "is absent" : "has version " + visible.version(),
                      operation.expectedVersion()));
        }
      }
    }
  }

  private static CallerException failed(String message) {
    return new CallerException(ErrorCode.PRECONDITION_FAILED, message);
  }
}
