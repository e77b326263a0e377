package io.kvbm.backend.disk.object;

import io.kvbm.api.CallerException;
import io.kvbm.api.CorruptionException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.disk.DiskFile;
import io.kvbm.backend.disk.io.IoCallback;
import io.kvbm.backend.disk.io.IoEngine;
import io.kvbm.backend.disk.io.IoRequest;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/** Reads values and gives out no byte that was not checked. */
final class BodyReader {

  private static final long PIECE = 1 << 20;
  private static final long WINDOW = 4 << 20;
  private static final IoCallback IGNORED = (request, failure) -> {};

  private final StoreFiles files;
  private final IoEngine engine;
  private final Buffers buffers;
  private final ObjectFiles objects;
  private final Codecs codecs;
  private final Set<Safeguard> without;
  private final UUID store;
  private final StoreCounters counters;

  BodyReader(
      StoreFiles files,
      IoEngine engine,
      Buffers buffers,
      ObjectFiles objects,
      Codecs codecs,
      Set<Safeguard> without,
      UUID store,
      StoreCounters counters) {
    this.files = files;
    this.engine = engine;
    this.buffers = buffers;
    this.objects = objects;
    this.codecs = codecs;
    this.without = without;
    this.store = store;
    this.counters = counters;
  }

  /**
   * Reads bytes of a value.
   *
   * @param offset the first byte of the value
   * @param target filled; the range lies inside the value
   * @return false if the file is gone, as after compaction: look the value up again
   */
  boolean read(String key, Location at, long offset, MemorySegment target) {
    if (at.codec() == EntryHeader.LOST_CODEC) {
      throw damaged(key, at, "its bytes were damaged when the log was compacted");
    }
    StoreFiles.Pin log = files.tryPin(files.segment(at.segment()));
    if (log == null) {
      return false;
    }
    try (log) {
      if (at.isInFile()) {
        StoreFiles.Pin object = files.tryPin(files.object(at.objectId()));
        if (object == null) {
          return false;
        }
        try (object) {
          readFile(key, at, log.file(), object.file(), offset, target);
        }
      } else if (at.codec() != 0) {
        readEncoded(key, at, log.file(), offset, target);
      } else {
        readPlain(key, at, log.file(), offset, target);
      }
      return true;
    }
  }

  private void readPlain(
      String key, Location at, DiskFile file, long offset, MemorySegment target) {
    long stored = at.storedByteSize();
    if (offset == 0 && (target.byteSize() == stored || stored <= Format.CHUNK)
        || stored <= Format.CHUNK) {
      // Entry and body in one read.
      long total = at.headByteSize() + stored;
      try (Loaded loaded = load(file, at.offset(), total)) {
        EntryHeader header = header(key, at, loaded.bytes().asSlice(0, at.headByteSize()));
        MemorySegment body = loaded.bytes().asSlice(at.headByteSize(), stored);
        requireIntact(header.fits(body), key, at);
        MemorySegment.copy(body, offset, target, 0, target.byteSize());
      }
      return;
    }
    EntryHeader header = loadHeader(key, at, file);
    readChunks(header, key, at, file, at.offset() + at.headByteSize(), offset, target);
  }

  private void readFile(
      String key, Location at, DiskFile log, DiskFile object, long offset, MemorySegment target) {
    EntryHeader header = loadHeader(key, at, log);
    requireOwner(key, at, object);
    readChunks(header, key, at, object, Format.PAGE, offset, target);
  }

  private void requireOwner(String key, Location at, DiskFile object) {
    try (Loaded page = load(object, 0, Format.PAGE)) {
      boolean echo = !without.contains(Safeguard.KEY_ECHO);
      if (!objects.isHeader(page.bytes(), key, at.objectId(), echo)) {
        throw damaged(key, at, object.path() + " belongs to another value");
      }
    }
  }

  /**
   * Checks every byte of a value that has a file of its own.
   *
   * @param object that file, as it is to be checked
   * @return false if the file of its entry is gone, as after compaction: look the value up again
   */
  boolean check(String key, Location at, DiskFile object) {
    StoreFiles.Pin log = files.tryPin(files.segment(at.segment()));
    if (log == null) {
      return false;
    }
    EntryHeader header;
    try (log) {
      header = loadHeader(key, at, log.file());
    }
    requireOwner(key, at, object);
    long stored = at.storedByteSize();
    for (long from = 0; from < stored; from += WINDOW) {
      long to = Math.min(stored, from + WINDOW);
      loadChunks(header, key, at, object, Format.PAGE, from, to).close();
    }
    return true;
  }

  private void readChunks(
      EntryHeader header,
      String key,
      Location at,
      DiskFile file,
      long bodyStart,
      long offset,
      MemorySegment target) {
    long end = offset + target.byteSize();
    long from = Format.down(offset, Format.CHUNK);
    while (from < end) {
      long to =
          Math.min(at.storedByteSize(), Math.min(from + WINDOW, Format.up(end, Format.CHUNK)));
      try (Loaded loaded = loadChunks(header, key, at, file, bodyStart, from, to)) {
        long first = Math.max(from, offset);
        long count = Math.min(to, end) - first;
        MemorySegment.copy(loaded.bytes(), first - from, target, first - offset, count);
      }
      from = to;
    }
  }

  /** {@return whole chunks of a value, checked; the caller closes them} */
  private Loaded loadChunks(
      EntryHeader header,
      String key,
      Location at,
      DiskFile file,
      long bodyStart,
      long from,
      long to) {
    Loaded loaded = load(file, bodyStart + from, to - from);
    try {
      boolean fits =
          header.chunks().length == 0
              ? header.fits(loaded.bytes())
              : header.fits(loaded.bytes(), (int) (from / Format.CHUNK));
      requireIntact(fits, key, at);
    } catch (RuntimeException e) {
      loaded.close();
      throw e;
    }
    return loaded;
  }

  private void readEncoded(
      String key, Location at, DiskFile file, long offset, MemorySegment target) {
    long total = at.headByteSize() + at.storedByteSize();
    try (Loaded loaded = load(file, at.offset(), total)) {
      EntryHeader header = header(key, at, loaded.bytes().asSlice(0, at.headByteSize()));
      MemorySegment body = loaded.bytes().asSlice(at.headByteSize(), at.storedByteSize());
      requireIntact(header.fits(body), key, at);
      if (target.byteSize() == at.rawByteSize()) {
        codecs.require(at.codec()).decode(body, target);
        return;
      }
      try (Buffers.Buffer raw = buffers.borrow(at.rawByteSize())) {
        MemorySegment decoded = raw.memory().asSlice(0, at.rawByteSize());
        codecs.require(at.codec()).decode(body, decoded);
        MemorySegment.copy(decoded, offset, target, 0, target.byteSize());
      }
    }
  }

  /** Reads the bytes of a value in the log as they are stored, checked. */
  void readStored(String key, Location at, MemorySegment target) {
    StoreFiles.Pin log = files.tryPin(files.segment(at.segment()));
    if (log == null) {
      throw damaged(key, at, "its file is gone");
    }
    try (log;
        Loaded loaded = load(log.file(), at.offset(), at.headByteSize() + at.storedByteSize())) {
      EntryHeader header = header(key, at, loaded.bytes().asSlice(0, at.headByteSize()));
      MemorySegment body = loaded.bytes().asSlice(at.headByteSize());
      requireIntact(header.fits(body), key, at);
      target.copyFrom(body);
    }
  }

  /** {@return the checked entry of a value, without its bytes; null if the file is gone} */
  @org.jspecify.annotations.Nullable
  EntryHeader entry(String key, Location at) {
    StoreFiles.Pin log = files.tryPin(files.segment(at.segment()));
    if (log == null) {
      return null;
    }
    try (log) {
      return loadHeader(key, at, log.file());
    }
  }

  private EntryHeader loadHeader(String key, Location at, DiskFile file) {
    try (Loaded head = load(file, at.offset(), at.headByteSize())) {
      return header(key, at, head.bytes());
    }
  }

  private EntryHeader header(String key, Location at, MemorySegment bytes) {
    EntryHeader header = EntryHeader.readFrom(bytes);
    if (header == null || header.headByteSize() != at.headByteSize()) {
      throw damaged(key, at, "what stands before the bytes is damaged");
    }
    if (!without.contains(Safeguard.KEY_ECHO) && !EntryHeader.isOf(bytes, store)) {
      throw damaged(key, at, "bytes of another store are there");
    }
    if (!without.contains(Safeguard.KEY_ECHO) && !header.key().equals(key)) {
      throw damaged(key, at, "bytes of another key are there");
    }
    if (!without.contains(Safeguard.GENERATION) && header.version() != at.version()) {
      throw damaged(key, at, "bytes of version " + header.version() + " are there");
    }
    if (header.storedByteSize() != at.storedByteSize()
        || header.rawByteSize() != at.rawByteSize()
        || header.codec() != at.codec()
        || header.objectId() != at.objectId()) {
      throw damaged(key, at, "what stands before the bytes does not fit");
    }
    return header;
  }

  private void requireIntact(boolean fits, String key, Location at) {
    if (!fits && !without.contains(Safeguard.CRC)) {
      throw damaged(key, at, "its bytes have another checksum");
    }
  }

  private CorruptionException damaged(String key, Location at, String what) {
    counters.corruptions.increment();
    return Format.corrupt(
        "object '%s', version %d, in %s at byte %d is damaged: %s; put it again or delete it"
            .formatted(key, at.version(), files.segment(at.segment()), at.offset(), what));
  }

  /** Bytes in a borrowed buffer. */
  private record Loaded(Buffers.Buffer buffer, MemorySegment bytes) implements AutoCloseable {
    @Override
    public void close() {
      buffer.close();
    }
  }

  private Loaded load(DiskFile file, long position, long count) {
    long start = Format.down(position, Format.PAGE);
    long end = Format.up(position + count, Format.PAGE);
    Buffers.Buffer buffer = buffers.borrow(end - start);
    try {
      List<IoRequest> pieces = new ArrayList<>();
      // What stands before a value's bytes makes no piece of its own.
      long most = end - start <= PIECE + PIECE / 4 ? end - start : PIECE;
      for (long at = start; at < end; at += most) {
        MemorySegment piece = buffer.memory().asSlice(at - start, Math.min(most, end - at));
        pieces.add(IoRequest.read(file, at, piece, IGNORED));
      }
      engine.run(pieces);
      return new Loaded(buffer, buffer.memory().asSlice(position - start, count));
    } catch (CallerException e) {
      buffer.close();
      if (e.code() == ErrorCode.OUT_OF_BOUNDS) {
        counters.corruptions.increment();
        throw Format.corrupt("a file of the store was cut, restore it: " + e.getMessage());
      }
      throw e;
    } catch (RuntimeException e) {
      buffer.close();
      throw e;
    }
  }
}
