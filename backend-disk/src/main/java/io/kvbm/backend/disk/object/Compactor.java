package io.kvbm.backend.disk.object;

import io.kvbm.api.CorruptionException;
import io.kvbm.api.store.MaintainedStore.Progress;
import io.kvbm.api.store.PutOptions;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Gives space back. The oldest file of the log goes first, always: what is live in it is written
 * again at the end, so that no gap arises and no note of a deletion has to be kept for long. As the
 * log is at most twice as long as what is live, each byte is written again at most once on average.
 * Threading: safe from any thread; one at a time works.
 */
final class Compactor {

  private static final int SPARE_SEGMENTS = 4;

  private final StoreFiles files;
  private final StoreSettings settings;
  private final Index index;
  private final CommitLog log;
  private final BodyReader reader;
  private final Buffers buffers;
  private final Superblocks superblocks;
  private final Leases leases;
  private final StoreCounters counters;
  private final StoreClock clock;
  private final Reserve reserve;
  private final ReentrantLock lock = new ReentrantLock();
  private final ConcurrentLinkedQueue<Garbage> garbage = new ConcurrentLinkedQueue<>();
  private Superblocks.Superblock superblock;
  private long unlinkedBefore;
  private volatile long unavoidable;
  private long garbageSeen = Long.MIN_VALUE;

  private record Garbage(long objectId, long bySequence) {}

  Compactor(
      StoreFiles files,
      StoreSettings settings,
      Index index,
      CommitLog log,
      BodyReader reader,
      Buffers buffers,
      Superblocks superblocks,
      Superblocks.Superblock superblock,
      Leases leases,
      StoreCounters counters,
      StoreClock clock,
      Reserve reserve) {
    this.files = files;
    this.settings = settings;
    this.index = index;
    this.log = log;
    this.reader = reader;
    this.buffers = buffers;
    this.superblocks = superblocks;
    this.superblock = superblock;
    this.leases = leases;
    this.counters = counters;
    this.clock = clock;
    this.reserve = reserve;
    this.unlinkedBefore = superblock.firstSegment();
  }

  /** Takes note of a value's file that nothing will refer to once a change is durable. */
  void superseded(Location former, long bySequence) {
    if (former.isInFile()) {
      garbage.add(new Garbage(former.objectId(), bySequence));
    }
  }

  long segmentCount() {
    return log.activeSegment() - log.firstSegment() + 1;
  }

  private boolean isTooLong() {
    return excess() > unavoidable;
  }

  /** {@return how many bytes of the log, beyond as many again as are live, are not live} */
  private long excess() {
    long live = index.liveLogByteSize();
    long spare = SPARE_SEGMENTS * settings.segmentByteSize();
    return segmentCount() * settings.segmentByteSize() - live - Math.max(live, spare);
  }

  /**
   * Values that leave much of their last page empty can take more than twice their bytes: the log
   * is gone through once, and again only when there is more to be gained.
   */
  private void shorten() {
    long last = log.activeSegment();
    while (excess() > 0 && log.firstSegment() < last) {
      dropOldest();
    }
    long left = excess();
    unavoidable =
        left <= 0
            ? 0
            : left + Math.max(index.liveLogByteSize(), SPARE_SEGMENTS * settings.segmentByteSize());
  }

  /** Works as long as the log is longer than allowed; does nothing while another thread does. */
  void keepBound() {
    boolean idle = !isTooLong() && garbage.isEmpty() && hasReserve();
    if (idle || !lock.tryLock()) {
      return;
    }
    try {
      removeGarbage(false);
      if (isTooLong()) {
        shorten();
      }
      restoreReserve();
    } finally {
      lock.unlock();
    }
  }

  /**
   * On a disk that is full, and in a log at its limit, what frees space uses the reserve up; so the
   * space is taken out of the log as soon as enough of it is no longer live, well before the log is
   * too long.
   */
  private void restoreReserve() {
    if (hasReserve()) {
      garbageSeen = Long.MIN_VALUE;
      return;
    }
    long now = garbageByteSize();
    if (garbageSeen != Long.MIN_VALUE && now - garbageSeen < settings.segmentByteSize() / 2) {
      return; // not enough for another look
    }
    garbageSeen = now;
    reserve.refill();
    long last = log.activeSegment();
    while (!hasReserve() && log.firstSegment() < last) {
      dropOldest();
      reserve.refill();
    }
    garbageSeen = garbageByteSize();
  }

  private boolean hasReserve() {
    return reserve.isHeld()
        && segmentCount() <= settings.maxLogByteSize() / settings.segmentByteSize();
  }

  /** {@return what is not live, up to a constant} */
  private long garbageByteSize() {
    return segmentCount() * settings.segmentByteSize()
        - index.liveLogByteSize()
        - index.liveFileByteSize();
  }

  /**
   * Goes through the whole log as it is now.
   *
   * @param progress hears how many bytes of it are done
   */
  void compactAll(Progress progress) {
    log.requireHealthy();
    lock.lock();
    try {
      long first = log.firstSegment();
      long last = log.activeSegment();
      while (log.firstSegment() < last) {
        progress.at(
            (log.firstSegment() - first) * settings.segmentByteSize(),
            (last - first) * settings.segmentByteSize());
        dropOldest();
      }
      removeGarbage(true);
      reserve.refill();
    } finally {
      lock.unlock();
    }
  }

  private void dropOldest() {
    long victim = log.firstSegment();
    moveLive(victim);
    log.sync(log.writtenSequence());
    Superblocks.Superblock next = superblock.startingAt(victim + 1);
    superblocks.store(next); // if that fails the same file is written again, never the whole one
    superblock = next;
    log.dropBefore(victim + 1);
    unlinkDropped();
    counters.compactedSegments.increment();
  }

  /** A reader of a snapshot may still need files: they go with a later call. */
  private void unlinkDropped() {
    if (leases.areHeld()) {
      return;
    }
    while (unlinkedBefore < log.firstSegment()) {
      files.unlink(files.segment(unlinkedBefore++));
    }
    files.syncDirectory(files.segments());
  }

  private void removeGarbage(boolean sync) {
    if (sync && !garbage.isEmpty()) {
      log.sync(log.writtenSequence());
    }
    // Whoever takes a lease after they are asked for finds these changes in the log; a later one
    // may
    // hit a file that it has found.
    long seenByAll = log.syncedSequence();
    if (garbage.isEmpty() || leases.areHeld()) {
      return;
    }
    Garbage next = garbage.peek();
    while (next != null && next.bySequence() <= seenByAll) {
      garbage.remove();
      files.unlink(files.object(next.objectId()));
      next = garbage.peek();
    }
  }

  private void moveLive(long victim) {
    List<Map.Entry<String, Location>> live = new ArrayList<>();
    for (Map.Entry<String, Location> entry : index.places().entrySet()) {
      if (entry.getValue().segment() == victim) {
        live.add(Map.entry(entry.getKey(), entry.getValue()));
      }
    }
    live.sort((a, b) -> Long.compare(a.getValue().offset(), b.getValue().offset()));
    long now = clock.nowMillis();
    List<Map.Entry<String, Location>> batch = new ArrayList<>();
    long byteSize = 0;
    long most = settings.recordByteSize() / 2;
    for (Map.Entry<String, Location> entry : live) {
      if (!batch.isEmpty() && byteSize + entry.getValue().entryByteSize() > most) {
        move(batch, now);
        batch.clear();
        byteSize = 0;
      }
      batch.add(entry);
      byteSize += entry.getValue().entryByteSize();
    }
    move(batch, now);
  }

  private void move(List<Map.Entry<String, Location>> batch, long nowMillis) {
    if (batch.isEmpty()) {
      return;
    }
    List<Operation> operations = new ArrayList<>();
    List<Buffers.Buffer> borrowed = new ArrayList<>();
    try {
      for (Map.Entry<String, Location> entry : batch) {
        Location at = entry.getValue();
        if (at.isExpired(nowMillis)) {
          operations.add(Operation.expire(entry.getKey(), at));
          continue;
        }
        Operation operation = moved(entry.getKey(), at, borrowed);
        if (operation != null) {
          operations.add(operation);
          counters.movedBytes.add(at.entryByteSize());
        }
      }
      if (!operations.isEmpty()) {
        log.write(new Commit(operations));
      }
    } finally {
      borrowed.forEach(Buffers.Buffer::close);
    }
  }

  private @Nullable Operation moved(String key, Location at, List<Buffers.Buffer> borrowed) {
    if (!at.equals(index.get(key))) {
      return null;
    }
    try {
      return intact(key, at, borrowed);
    } catch (CorruptionException e) {
      // What cannot be read stays known as damaged; it must not keep the log from getting shorter.
      return new Operation(EntryHeader.lost(key, at), null, PutOptions.Condition.ALWAYS, 0, at);
    }
  }

  private Operation intact(String key, Location at, List<Buffers.Buffer> borrowed) {
    if (at.codec() == EntryHeader.LOST_CODEC) {
      return new Operation(EntryHeader.lost(key, at), null, PutOptions.Condition.ALWAYS, 0, at);
    }
    EntryHeader header = reader.entry(key, at);
    if (header == null) {
      throw Format.corrupt("file %s of the log is gone".formatted(files.segment(at.segment())));
    }
    MemorySegment body = null;
    if (!at.isInFile()) {
      Buffers.Buffer buffer = buffers.borrow(at.storedByteSize());
      borrowed.add(buffer);
      body = buffer.memory().asSlice(0, at.storedByteSize());
      reader.readStored(key, at, body);
    }
    return new Operation(header, body, PutOptions.Condition.ALWAYS, 0, at);
  }
}
