package io.kvbm.backend.disk.object;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.TransientException;
import io.kvbm.api.disk.Disk;
import io.kvbm.api.disk.DiskFile;
import io.kvbm.backend.disk.io.IoEngine;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/** Finds what a store has on its disk and makes it ready to be written on. For one thread. */
final class Opening {

  /** Numbers of one opening never meet those of another. */
  private static final int EPOCH_SHIFT = 36;

  private final StoreFiles files;
  private final StoreSettings settings;
  private final Buffers buffers;
  private final Index index;
  private final StoreCounters counters;
  private final boolean writes;
  private final Superblocks superblocks;
  private final Superblocks.Superblock found;
  private final Superblocks.Superblock opened;
  private final Checkpoints checkpoints;
  private final Recovery.Found log;

  /**
   * Reads what is there; changes nothing.
   *
   * @param writes whether it will be written on, so that what is read must be durable
   * @throws io.kvbm.api.CorruptionException if the log is damaged
   */
  Opening(
      StoreFiles files,
      StoreSettings settings,
      Buffers buffers,
      Index index,
      StoreCounters counters,
      boolean writes) {
    this.files = files;
    this.settings = settings;
    this.buffers = buffers;
    this.index = index;
    this.counters = counters;
    this.writes = writes;
    if (writes) {
      files.syncDirectory(files.directory());
      files.syncDirectory(files.segments());
      files.syncDirectory(files.objects());
    }
    this.superblocks = new Superblocks(files);
    Superblocks.Superblock newest = superblocks.load(writes);
    if (newest == null) {
      if (!files.segmentNumbers().isEmpty()) {
        throw Format.corrupt(
            "store %s has a log and no intact store-0 or store-1; restore one of them"
                .formatted(files.directory()));
      }
      newest = new Superblocks.Superblock(UUID.randomUUID(), 0, 0, 1);
    }
    this.found = newest;
    this.opened = newest.opened();
    this.checkpoints = new Checkpoints(files, buffers, newest.store(), counters);
    requireFirstSegment();
    this.log = readLog();
  }

  /** Takes the lock of a writer, in directories made if they are not there. */
  static Disk.DiskLock lock(StoreFiles files) {
    makeDirectories(files);
    try {
      return files.disk().lock(files.directory().resolve("LOCK"));
    } catch (TransientException e) {
      throw new TransientException(
          e.code(),
          "object store %s has a writer: %s (this process is %d)"
              .formatted(files.directory(), e.getMessage(), ProcessHandle.current().pid()),
          e);
    }
  }

  private static void makeDirectories(StoreFiles files) {
    for (Path path : List.of(files.directory(), files.segments(), files.objects())) {
      if (!files.disk().exists(path)) {
        Path above = path.toAbsolutePath().getParent();
        List<Path> made = new ArrayList<>();
        for (Path each = above; each != null && !files.disk().exists(each); ) {
          made.add(each);
          each = each.getParent();
        }
        files.disk().createDirectories(path);
        for (Path each : made) {
          if (each.getParent() != null) {
            files.syncDirectory(each.getParent());
          }
        }
        if (above != null) {
          files.syncDirectory(above);
        }
      }
    }
  }

  /** Takes the lease of a reader of a snapshot. */
  static Disk.DiskLock lease(StoreFiles files) {
    if (!files.disk().exists(files.segments())) {
      throw new CallerException(
          ErrorCode.NOT_FOUND,
          "there is no object store in %s to read; open it for writing first"
              .formatted(files.directory()));
    }
    return new Leases(files).take();
  }

  private void requireFirstSegment() {
    List<Long> numbers = files.segmentNumbers();
    boolean missing = !numbers.contains(found.firstSegment());
    if (missing && (found.firstSegment() > 1 || !numbers.isEmpty())) {
      throw Format.corrupt(
          "file %s of the log is gone; restore it or the store"
              .formatted(files.segment(found.firstSegment())));
    }
  }

  private Recovery.Found readLog() {
    long durable = 0;
    LogState from = LogState.startOf(found.firstSegment());
    boolean chained = false;
    for (Checkpoints.Head head : checkpoints.heads()) {
      if (head.position().segment() < found.firstSegment()) {
        continue; // the log begins behind it
      }
      durable = Math.max(durable, head.durableSequence());
      if (!chained && recovery().has(head.position()) && checkpoints.read(head, index)) {
        from = head.position();
        chained = true;
      }
    }
    return recovery().run(from, chained, durable);
  }

  private Recovery recovery() {
    return new Recovery(files, buffers, settings, found.store(), writes, index);
  }

  /** {@return the store's identity} */
  UUID store() {
    return found.store();
  }

  Superblocks superblocks() {
    return superblocks;
  }

  /** {@return the superblock of this opening, durable once the log was started} */
  Superblocks.Superblock superblock() {
    return opened;
  }

  Checkpoints checkpoints() {
    return checkpoints;
  }

  private long firstNumber() {
    return (writes ? opened.epoch() - 1 : found.epoch()) << EPOCH_SHIFT;
  }

  /** {@return a number above those of all files that the log names} */
  long nextObjectId() {
    long next = firstNumber() + 1;
    for (Location location : index.places().values()) {
      next = Math.max(next, location.objectId() + 1);
    }
    return next;
  }

  /** Makes the log ready and starts it. */
  CommitLog start(
      IoEngine engine,
      StoreClock clock,
      Leases leases,
      Reserve reserve,
      CommitLog.Superseded superseded) {
    superblocks.store(opened);
    Segments segments = new Segments(files, settings, buffers, found.store());
    LogState end = log.end();
    boolean clean = log.cleanTail();
    if (log.unmade()) {
      if (found.firstSegment() > 1) {
        throw Format.corrupt(
            "the first page of %s is damaged; restore the file or the store"
                .formatted(files.segment(end.segment())));
      }
      files.unlink(files.segment(end.segment()));
    } else if (!clean) {
      recovery().keepTail(end);
    }
    removeLeftovers(leases.areHeld(), end.segment());
    RecordHeader replaced = log.replaceable();
    if (replaced != null) {
      LogState copied =
          new TailCopy(files, buffers, segments, settings, index, reserve, found.store())
              .write(log, replaced);
      clean = copied != null || clean;
      end = copied == null ? end : copied;
    }
    reserve.refill();
    boolean exists = files.disk().exists(files.segment(end.segment()));
    boolean goesOn = exists && clean && end.end() + Format.PAGE <= settings.segmentByteSize();
    LogState start = end;
    DiskFile active;
    if (goesOn) {
      active = files.open(files.segment(end.segment()), Disk.OpenOption.WRITE);
    } else {
      boolean first = !exists && end.segment() == opened.firstSegment();
      long number = first ? end.segment() : end.segment() + 1;
      active = segments.make(number, false);
      start = new LogState(number, 0, Format.PAGE, end.chain(), end.lastSequence());
    }
    CommitLog made =
        new CommitLog(
            files,
            engine,
            buffers,
            index,
            segments,
            settings,
            counters,
            clock,
            found.store(),
            reserve,
            superseded,
            active,
            start,
            opened.firstSegment(),
            Math.max(firstNumber(), end.lastSequence()));
    made.startBehind(end);
    return made;
  }

  /** What an interrupted run left: files of the log that are over or never began, lost values. */
  private void removeLeftovers(boolean areRead, long lastSegment) {
    for (long number : files.segmentNumbers()) {
      if (number > lastSegment || (number < opened.firstSegment() && !areRead)) {
        files.unlink(files.segment(number));
      }
    }
    files.syncDirectory(files.segments());
    if (areRead) {
      return;
    }
    Set<Long> used = new HashSet<>();
    for (Location location : index.places().values()) {
      if (location.isInFile()) {
        used.add(location.objectId());
      }
    }
    for (Path path : files.disk().list(files.objects())) {
      if (!used.contains(StoreFiles.objectId(path))) {
        files.unlink(path);
      }
    }
  }
}
