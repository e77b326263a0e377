package io.kvbm.backend.disk.log;

import io.kvbm.api.CorruptionException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.disk.DiskFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Finds out what a former run left. Everything is made durable before it is believed; what was
 * acknowledged as synced and is damaged fails the open and changes nothing; what was being written
 * when the power went is put aside.
 */
final class LogRecovery {

  private final SegmentFiles files;
  private final List<Segment> segments = new ArrayList<>();
  private @Nullable SegmentHeader replaced;
  private long nextSequence = 1;

  LogRecovery(SegmentFiles files) {
    this.files = files;
  }

  /** {@return the segments with records, oldest first} */
  List<Segment> segments() {
    return segments;
  }

  /** {@return the number the next record gets} */
  long nextSequence() {
    return nextSequence;
  }

  void run() {
    List<Path> paths = files.list();
    List<SegmentHeader> headers = new ArrayList<>();
    for (Path path : paths) {
      headers.add(syncAndReadHeader(path));
    }
    files.syncDirectory(files.directory());
    for (int i = 1; i < paths.size(); i++) {
      requireNeighbours(headers.get(i - 1), headers.get(i), paths.get(i));
    }
    for (int i = 0; i < paths.size(); i++) {
      SegmentHeader next = i + 1 < paths.size() ? headers.get(i + 1) : null;
      if (next != null) {
        readSealed(paths.get(i), headers.get(i), next);
      } else {
        readLast(paths.get(i), headers.get(i));
      }
    }
  }

  private SegmentHeader syncAndReadHeader(Path path) {
    try (DiskFile file = files.openToRepair(path);
        Arena arena = files.engine().newArena()) {
      files.syncAll(file);
      if (file.byteSize() < SegmentHeader.PAGE) {
        throw SegmentHeader.corrupt(path, "it has only %d bytes".formatted(file.byteSize()));
      }
      MemorySegment page = arena.allocate(SegmentHeader.PAGE, SegmentHeader.PAGE);
      files.read(file, 0, page);
      try {
        return SegmentHeader.decode(page, path);
      } catch (CorruptionException e) {
        files.read(file, 0, page); // once more: a read may have gone astray
        return SegmentHeader.decode(page, path);
      }
    }
  }

  private void requireNeighbours(SegmentHeader former, SegmentHeader header, Path path) {
    if (!header.log().equals(former.log())) {
      throw SegmentHeader.corrupt(path, "it is of another log than " + files.path(former.number()));
    }
    if (header.previousNumber() != former.number()) {
      throw SegmentHeader.corrupt(
          path,
          "it comes behind segment %d, found is %d"
              .formatted(header.previousNumber(), former.number()));
    }
  }

  private void readSealed(Path path, SegmentHeader header, SegmentHeader next) {
    try (DiskFile file = files.openToRead(path);
        SegmentReader reader = reader(file)) {
      SegmentScan scan = new SegmentScan(reader, header, files.checks());
      scan.run(next.previousEnd(), 0, null);
      if (scan.damage() == null
          && (scan.chain() != next.previousCrc() || scan.last() != next.previousLast())
          && files.checks().checksums()) {
        throw damaged(path, scan.end(), "segment %d continues another".formatted(next.number()));
      }
      if (scan.damage() != null) {
        throw damaged(path, scan.end(), scan.damage());
      }
      segments.add(new Segment(header, path, scan));
    }
  }

  private SegmentReader reader(DiskFile file) {
    return new SegmentReader(files.engine(), file, file.byteSize() & -SegmentHeader.PAGE);
  }

  static CorruptionException damaged(Path path, long position, String what) {
    return new CorruptionException(
        ErrorCode.CORRUPT,
        "log segment %s is damaged at byte %d: %s, though it was synced; restore the log from a copy,"
                .formatted(path, position, what)
            + " nothing was changed");
  }

  private void readLast(Path path, SegmentHeader header) {
    try (DiskFile file = files.openToRepair(path);
        SegmentReader reader = reader(file)) {
      SegmentScan scan = new SegmentScan(reader, header, files.checks());
      scan.run(SegmentScan.TO_THE_END, 0, null);
      boolean clean = scan.isClosed() && Group.pages(scan.end()) == reader.byteSize();
      if (!clean) {
        putTailAside(file, scan);
      }
      nextSequence = scan.last() + 1;
      if (!clean && files.checks().freshNumbers()) {
        nextSequence = header.firstSequence() + LogSettings.mostNumbers(header.byteSize());
      }
      if (scan.firstRecord() < 0) {
        replaced = header;
      } else {
        segments.add(new Segment(header, path, scan));
      }
    }
  }

  private void putTailAside(DiskFile file, SegmentScan scan) {
    SegmentScan.Tail tail = scan.tail();
    if (tail.syncedUpTo() > scan.last() && files.checks().tailRule()) {
      String what = scan.damage() == null ? "records are missing" : scan.damage();
      throw damaged(file.path(), scan.end(), what);
    }
    if (tail.end() > scan.end() && !files.keepBroken(file, scan.end(), tail.end())) {
      return; // it stays where it is: the next segment says that nothing there counts
    }
    long kept = Group.pages(scan.end());
    if (file.byteSize() > kept) {
      file.truncate(kept);
      files.syncAll(file);
    }
  }

  /** {@return the header of the segment to write to: always a new one, behind what was found} */
  SegmentHeader next() {
    long byteSize = files.settings().segmentByteSize();
    SegmentHeader former = replaced;
    if (former != null) {
      // It holds no record: its name is given to the new one, so that starts leave no files.
      return new SegmentHeader(
          former.log(),
          former.number(),
          nextSequence,
          byteSize,
          former.previousNumber(),
          former.previousEnd(),
          former.previousCrc(),
          former.previousLast(),
          0);
    }
    if (!segments.isEmpty()) {
      return segments.getLast().next(nextSequence, byteSize);
    }
    return new SegmentHeader(UUID.randomUUID(), 1, nextSequence, byteSize, 0, 0, 0, 0, 0);
  }
}
