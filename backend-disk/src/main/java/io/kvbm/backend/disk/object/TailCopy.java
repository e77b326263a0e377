package io.kvbm.backend.disk.object;

import io.kvbm.api.CapacityException;
import io.kvbm.api.disk.DiskFile;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Makes durable what was found behind the last change that is known to be durable. A sync that
 * failed may have left bytes that can be read and will never be on the disk, which no later sync
 * tells; so these changes are written once more, to a new file, as one record that takes the place
 * of all that stand there: the log goes on from before them.
 */
final class TailCopy {

  private final StoreFiles files;
  private final Buffers buffers;
  private final Segments segments;
  private final StoreSettings settings;
  private final Index index;
  private final Reserve reserve;
  private final UUID store;

  TailCopy(
      StoreFiles files,
      Buffers buffers,
      Segments segments,
      StoreSettings settings,
      Index index,
      Reserve reserve,
      UUID store) {
    this.files = files;
    this.buffers = buffers;
    this.segments = segments;
    this.settings = settings;
    this.index = index;
    this.reserve = reserve;
    this.store = store;
  }

  /**
   * Writes the changes once more.
   *
   * @param found by the recovery
   * @param replaced the first of the records that it takes the place of
   * @return where the log ends now; null, with nothing done, where there is no room for them
   */
  @Nullable LogState write(Recovery.Found found, RecordHeader replaced) {
    long byteSize = RecordHeader.BYTE_SIZE;
    for (Recovery.Change change : found.unproven()) {
      byteSize += change.header().entryByteSize();
    }
    byteSize = Format.up(byteSize, Format.PAGE);
    if (byteSize > settings.segmentByteSize() - Format.PAGE) {
      return null; // segments were longer once
    }
    try (Buffers.Buffer buffer = buffers.borrow(byteSize)) {
      MemorySegment record = buffer.memory().asSlice(0, byteSize);
      record.fill((byte) 0);
      copyEntries(found.unproven(), record);
      long segment = found.end().segment() + 1;
      new RecordHeader(
              store,
              segment,
              Format.PAGE,
              byteSize,
              found.unproven().size(),
              found.proven() + 1,
              found.end().lastSequence(),
              found.proven(),
              replaced.previousSegment(),
              replaced.previousEnd(),
              replaced.chain())
          .writeTo(record);
      try (DiskFile file = make(segment)) {
        file.writeFully(Format.PAGE, record);
        files.sync(file);
      }
      relocate(found.unproven(), segment);
      return new LogState(
          segment,
          Format.PAGE,
          Format.PAGE + byteSize,
          RecordHeader.chainBehind(record),
          found.end().lastSequence());
    } catch (CapacityException e) {
      return null;
    }
  }

  private DiskFile make(long segment) {
    try {
      return segments.make(segment, false);
    } catch (CapacityException e) {
      reserve.release();
      return segments.make(segment, false);
    }
  }

  private void copyEntries(List<Recovery.Change> changes, MemorySegment record) {
    long at = RecordHeader.BYTE_SIZE;
    for (Recovery.Change change : changes) {
      long byteSize = change.header().entryByteSize();
      long start = Format.down(change.offset(), Format.PAGE);
      long end = Format.up(change.offset() + byteSize, Format.PAGE);
      StoreFiles.Pin pin = files.tryPin(files.segment(change.segment()));
      if (pin == null) {
        throw Format.corrupt(files.segment(change.segment()) + " went away while it was read");
      }
      try (pin;
          Buffers.Buffer buffer = buffers.borrow(end - start)) {
        pin.file().readFully(start, buffer.memory().asSlice(0, end - start));
        MemorySegment.copy(buffer.memory(), change.offset() - start, record, at, byteSize);
      }
      at += byteSize;
    }
  }

  private void relocate(List<Recovery.Change> changes, long segment) {
    long at = Format.PAGE + RecordHeader.BYTE_SIZE;
    for (Recovery.Change change : changes) {
      Location there = index.get(change.header().key());
      if (there != null && there.isAt(change.segment(), change.offset())) {
        index.put(change.header().key(), Location.of(change.header(), segment, at));
      }
      at += change.header().entryByteSize();
    }
  }
}
