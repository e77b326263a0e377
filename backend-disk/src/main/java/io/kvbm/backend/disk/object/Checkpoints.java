package io.kvbm.backend.disk.object;

import io.kvbm.api.KvbmException;
import io.kvbm.api.disk.Disk.OpenOption;
import io.kvbm.api.disk.DiskFile;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.LongSupplier;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The index as of a place in the log, so that an opening reads only what follows. Two files take
 * turns. Whatever is wrong with one of them, the whole log is read instead: nothing is in a
 * checkpoint that is not in the log too, with one exception: it says up to which number everything
 * was durable, so that a log that ends before is known to be damaged.
 *
 * <p>Threading: one thread at a time.
 */
final class Checkpoints {

  private static final int MAGIC = 0x5043564B; // KVCP
  private static final int AT_CRC = Format.PAGE - 4;
  private static final int ENTRY = 64;
  private static final long WINDOW = 1 << 20;

  /** Longer than any entry. */
  private static final long LEAST = 16 << 10;

  private final StoreFiles files;
  private final Buffers buffers;
  private final UUID store;
  private final StoreCounters counters;
  private long lastGeneration;

  Checkpoints(StoreFiles files, Buffers buffers, UUID store, StoreCounters counters) {
    this.files = files;
    this.buffers = buffers;
    this.store = store;
    this.counters = counters;
  }

  /**
   * What a checkpoint says of itself.
   *
   * @param generation rises with each
   * @param position the index has what stands before it in the log, and maybe more
   * @param durableSequence everything up to this number was durable
   * @param count of objects
   * @param byteSize of what follows the first page
   * @param checksum of that
   */
  record Head(
      long generation,
      LogState position,
      long durableSequence,
      long count,
      long byteSize,
      int checksum) {}

  static Path path(StoreFiles files, long generation) {
    return files.directory().resolve("checkpoint-" + generation % 2);
  }

  /** {@return those that are whole as far as their first page tells, the newest first} */
  List<Head> heads() {
    List<Head> found = new ArrayList<>();
    for (int slot = 0; slot < 2; slot++) {
      Path path = path(files, slot);
      if (files.disk().exists(path)) {
        Head head = head(path, slot);
        if (head == null) {
          counters.ignoredCheckpoints.increment();
        } else {
          found.add(head);
          lastGeneration = Math.max(lastGeneration, head.generation());
        }
      }
    }
    found.sort(Comparator.comparingLong(Head::generation).reversed());
    return found;
  }

  private @Nullable Head head(Path path, int slot) {
    try (DiskFile file = files.openBuffered(path, Set.of(OpenOption.READ));
        Buffers.Buffer buffer = buffers.borrow(Format.PAGE)) {
      if (file.byteSize() < Format.PAGE) {
        return null;
      }
      MemorySegment page = buffer.memory().asSlice(0, Format.PAGE);
      file.readFully(0, page);
      boolean whole =
          page.get(Format.INT, 0) == MAGIC
              && page.get(Format.SHORT, 4) == Format.VERSION
              && page.get(Format.INT, AT_CRC) == Format.crc(page.asSlice(0, AT_CRC))
              && page.get(Format.LONG, 8) == store.getMostSignificantBits()
              && page.get(Format.LONG, 16) == store.getLeastSignificantBits();
      Head head = whole ? readHead(page) : null;
      return head != null
              && head.generation() % 2 == slot
              && file.byteSize() >= Format.PAGE + head.byteSize()
          ? head
          : null;
    } catch (KvbmException e) {
      return null; // the log has it all
    }
  }

  private static Head readHead(MemorySegment page) {
    LogState position =
        new LogState(
            page.get(Format.LONG, 32),
            page.get(Format.LONG, 40),
            page.get(Format.LONG, 48),
            page.get(Format.INT, 88),
            page.get(Format.LONG, 56));
    return new Head(
        page.get(Format.LONG, 24),
        position,
        page.get(Format.LONG, 64),
        page.get(Format.LONG, 72),
        page.get(Format.LONG, 80),
        page.get(Format.INT, 92));
  }

  /** Reads a checkpoint into an index; {@return false, and leaves the index empty, if it cannot} */
  boolean read(Head head, Index index) {
    try (DiskFile file =
            files.openBuffered(path(files, head.generation()), Set.of(OpenOption.READ));
        Buffers.Buffer buffer = buffers.borrow(Math.clamp(head.byteSize(), LEAST, WINDOW))) {
      if (readEntries(head, file, buffer.memory(), index)) {
        return true;
      }
    } catch (KvbmException e) {
      // Counted below; the log has it all.
    }
    counters.ignoredCheckpoints.increment();
    index.clear();
    return false;
  }

  private static boolean readEntries(Head head, DiskFile file, MemorySegment window, Index index) {
    CRC32C crc = new CRC32C();
    long position = 0;
    long count = 0;
    long left = 0; // bytes of an entry that starts in the window and ends behind it
    while (position < head.byteSize()) {
      long length = Math.min(window.byteSize() - left, head.byteSize() - position);
      MemorySegment read = window.asSlice(left, length);
      file.readFully(Format.PAGE + position, read);
      Format.update(crc, read);
      position += length;
      long filled = left + length;
      long at = 0;
      while (at + ENTRY <= filled) {
        int keyLength = Short.toUnsignedInt(window.get(Format.SHORT, at));
        if (at + ENTRY + keyLength > filled) {
          break;
        }
        index.put(key(window, at, keyLength), location(window, at));
        at += ENTRY + keyLength;
        count++;
      }
      left = filled - at;
      MemorySegment.copy(window, at, window, 0, left);
    }
    return left == 0 && count == head.count() && (int) crc.getValue() == head.checksum();
  }

  private static String key(MemorySegment window, long at, int keyLength) {
    byte[] name = window.asSlice(at + ENTRY, keyLength).toArray(Format.BYTE);
    return new String(name, StandardCharsets.US_ASCII);
  }

  private static Location location(MemorySegment window, long at) {
    return new Location(
        window.get(Format.LONG, at + 8),
        window.get(Format.LONG, at + 16),
        window.get(Format.INT, at + 4),
        window.get(Format.LONG, at + 24),
        window.get(Format.LONG, at + 32),
        window.get(Format.LONG, at + 40),
        window.get(Format.LONG, at + 48),
        window.get(Format.BYTE, at + 2),
        window.get(Format.LONG, at + 56));
  }

  /**
   * Writes the next one durably.
   *
   * @param position taken before the index was looked at
   * @param durable gives, once the index was written, a number up to which everything in it is
   *     durable by then
   */
  void write(Index index, LogState position, LongSupplier durable) {
    long generation = lastGeneration + 1;
    Path path = path(files, generation);
    boolean made = !files.disk().exists(path);
    try (DiskFile file =
            files.openBuffered(path, Set.of(OpenOption.READ, OpenOption.WRITE, OpenOption.CREATE));
        Buffers.Buffer buffer = buffers.borrow(WINDOW)) {
      Body body = new Body(file, buffer.memory());
      for (Map.Entry<String, Location> entry : index.places().entrySet()) {
        body.add(entry.getKey(), entry.getValue());
      }
      body.drain();
      long durableSequence = durable.getAsLong();
      Head head =
          new Head(
              generation,
              position,
              durableSequence,
              body.count,
              body.byteSize,
              (int) body.crc.getValue());
      file.writeFully(0, page(head, buffer.memory()));
      files.sync(file);
      lastGeneration = generation;
    }
    if (made) {
      files.syncDirectory(files.directory());
    }
    counters.checkpoints.increment();
  }

  private MemorySegment page(Head head, MemorySegment window) {
    MemorySegment page = window.asSlice(0, Format.PAGE).fill((byte) 0);
    page.set(Format.INT, 0, MAGIC);
    page.set(Format.SHORT, 4, Format.VERSION);
    page.set(Format.LONG, 8, store.getMostSignificantBits());
    page.set(Format.LONG, 16, store.getLeastSignificantBits());
    page.set(Format.LONG, 24, head.generation());
    page.set(Format.LONG, 32, head.position().segment());
    page.set(Format.LONG, 40, head.position().recordStart());
    page.set(Format.LONG, 48, head.position().end());
    page.set(Format.LONG, 56, head.position().lastSequence());
    page.set(Format.LONG, 64, head.durableSequence());
    page.set(Format.LONG, 72, head.count());
    page.set(Format.LONG, 80, head.byteSize());
    page.set(Format.INT, 88, head.position().chain());
    page.set(Format.INT, 92, head.checksum());
    page.set(Format.INT, AT_CRC, Format.crc(page.asSlice(0, AT_CRC)));
    return page;
  }

  /** What follows the first page: for each object its place, in 64 bytes, and its key. */
  private static final class Body {
    private final DiskFile file;
    private final MemorySegment window;
    private final CRC32C crc = new CRC32C();
    private long filled;
    private long byteSize;
    private long count;

    Body(DiskFile file, MemorySegment window) {
      this.file = file;
      this.window = window;
    }

    void add(String key, Location at) {
      byte[] name = key.getBytes(StandardCharsets.US_ASCII);
      if (filled + ENTRY + name.length > WINDOW) {
        drain();
      }
      MemorySegment entry = window.asSlice(filled, ENTRY + name.length);
      entry.set(Format.SHORT, 0, (short) name.length);
      entry.set(Format.BYTE, 2, at.codec());
      entry.set(Format.BYTE, 3, (byte) 0);
      entry.set(Format.INT, 4, at.headByteSize());
      entry.set(Format.LONG, 8, at.segment());
      entry.set(Format.LONG, 16, at.offset());
      entry.set(Format.LONG, 24, at.storedByteSize());
      entry.set(Format.LONG, 32, at.rawByteSize());
      entry.set(Format.LONG, 40, at.version());
      entry.set(Format.LONG, 48, at.expiresAtMillis());
      entry.set(Format.LONG, 56, at.objectId());
      MemorySegment.copy(name, 0, entry, Format.BYTE, ENTRY, name.length);
      filled += entry.byteSize();
      count++;
    }

    void drain() {
      if (filled > 0) {
        MemorySegment bytes = window.asSlice(0, filled);
        Format.update(crc, bytes);
        file.writeFully(Format.PAGE + byteSize, bytes);
        byteSize += filled;
        filled = 0;
      }
    }
  }
}
