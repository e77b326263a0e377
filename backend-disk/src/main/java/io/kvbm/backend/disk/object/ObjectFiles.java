package io.kvbm.backend.disk.object;

import io.kvbm.api.KvbmException;
import io.kvbm.api.disk.Disk.OpenOption;
import io.kvbm.api.disk.DiskFile;
import io.kvbm.backend.disk.io.IoCallback;
import io.kvbm.backend.disk.io.IoEngine;
import io.kvbm.backend.disk.io.IoRequest;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Files for long values: one page that says whose bytes follow, then the bytes. A file is durable
 * before the log names it, so that the log never names one that is not there.
 */
final class ObjectFiles {

  private static final int MAGIC = 0x424F564B; // KVOB
  private static final int AT_KEY = 64;
  private static final int AT_CRC = Format.PAGE - 4;
  private static final long PIECE = 1 << 20;
  private static final IoCallback IGNORED = (request, failure) -> {};

  private final StoreFiles files;
  private final IoEngine engine;
  private final Buffers buffers;
  private final StoreCounters counters;
  private final UUID store;
  private final AtomicLong nextId;
  private final long windowByteSize;

  ObjectFiles(
      StoreFiles files,
      IoEngine engine,
      Buffers buffers,
      StoreCounters counters,
      UUID store,
      long firstId,
      long windowByteSize) {
    this.files = files;
    this.engine = engine;
    this.buffers = buffers;
    this.counters = counters;
    this.store = store;
    this.nextId = new AtomicLong(firstId);
    this.windowByteSize = Format.up(windowByteSize, Format.CHUNK);
  }

  /** {@return whether a page stands before the bytes of this object} */
  boolean isHeader(MemorySegment page, String key, long id, boolean echo) {
    byte[] name = key.getBytes(StandardCharsets.US_ASCII);
    boolean whole =
        page.get(Format.INT, 0) == MAGIC
            && page.get(Format.INT, AT_CRC) == Format.crc(page.asSlice(0, AT_CRC))
            && page.get(Format.LONG, 8) == store.getMostSignificantBits()
            && page.get(Format.LONG, 16) == store.getLeastSignificantBits()
            && page.get(Format.LONG, 24) == id;
    return whole
        && (!echo
            || (page.get(Format.INT, 32) == name.length
                && Arrays.equals(page.asSlice(AT_KEY, name.length).toArray(Format.BYTE), name)));
  }

  /** {@return a new file to be filled; closed without being finished it is gone} */
  Writer make(String key) {
    long id = nextId.getAndIncrement();
    while (files.disk().exists(files.object(id))) {
      id = nextId.getAndIncrement(); // left by a run of which the superblock does not tell any more
    }
    return new Writer(key, id);
  }

  /** A file that is being filled. For one thread. */
  final class Writer implements AutoCloseable {
    private final String key;
    private final long id;
    private final Path path;
    private final DiskFile file;
    private final Buffers.Buffer window;
    private int[] chunks = new int[16];
    private int chunkCount;
    private long flushed;
    private long filled;
    private boolean finished;

    Writer(String key, long id) {
      this.key = key;
      this.id = id;
      this.path = files.object(id);
      this.window = buffers.borrow(windowByteSize);
      DiskFile made = null;
      try {
        made = files.open(path, OpenOption.WRITE, OpenOption.CREATE);
        this.file = made;
      } finally {
        if (made == null) {
          window.close();
        }
      }
    }

    void reserve(long byteSize) {
      file.allocate(0, Format.PAGE + Format.up(byteSize, Format.PAGE));
    }

    void write(MemorySegment bytes) {
      long done = 0;
      while (done < bytes.byteSize()) {
        long count = Math.min(bytes.byteSize() - done, windowByteSize - filled);
        MemorySegment.copy(bytes, done, window.memory(), filled, count);
        filled += count;
        done += count;
        if (filled == windowByteSize) {
          drain();
        }
      }
    }

    private void drain() {
      if (filled == 0) {
        return;
      }
      long whole = Format.up(filled, Format.PAGE);
      window.memory().asSlice(filled, whole - filled).fill((byte) 0);
      List<IoRequest> pieces = new ArrayList<>();
      for (long at = 0; at < whole; at += PIECE) {
        MemorySegment piece = window.memory().asSlice(at, Math.min(PIECE, whole - at));
        pieces.add(IoRequest.write(file, Format.PAGE + flushed + at, piece, IGNORED));
      }
      for (long at = 0; at < filled; at += Format.CHUNK) {
        if (chunkCount == chunks.length) {
          chunks = Arrays.copyOf(chunks, 2 * chunkCount);
        }
        chunks[chunkCount++] =
            Format.crc(window.memory().asSlice(at, Math.min(Format.CHUNK, filled - at)));
      }
      engine.run(pieces);
      counters.writtenBytes.add(whole);
      flushed += filled;
      filled = 0;
    }

    long position() {
      return flushed + filled;
    }

    /** Makes the file durable; {@return what the log will say of it} */
    EntryHeader finish(long expiresAtMillis) {
      drain();
      MemorySegment page = window.memory().asSlice(0, Format.PAGE).fill((byte) 0);
      byte[] name = key.getBytes(StandardCharsets.US_ASCII);
      page.set(Format.INT, 0, MAGIC);
      page.set(Format.SHORT, 4, Format.VERSION);
      page.set(Format.LONG, 8, store.getMostSignificantBits());
      page.set(Format.LONG, 16, store.getLeastSignificantBits());
      page.set(Format.LONG, 24, id);
      page.set(Format.INT, 32, name.length);
      page.set(Format.LONG, 40, flushed);
      MemorySegment.copy(name, 0, page, Format.BYTE, AT_KEY, name.length);
      page.set(Format.INT, AT_CRC, Format.crc(page.asSlice(0, AT_CRC)));
      file.writeFully(0, page);
      files.sync(file);
      files.syncDirectory(files.objects());
      // A value of one chunk has its checksum in the header's own field.
      int[] table = flushed <= Format.CHUNK ? new int[0] : Arrays.copyOf(chunks, chunkCount);
      int checksum =
          table.length > 0 ? 0 : flushed == 0 ? Format.crc(page.asSlice(0, 0)) : chunks[0];
      return new EntryHeader(
          EntryHeader.PUT_FILE,
          key,
          0,
          flushed,
          flushed,
          expiresAtMillis,
          (byte) 0,
          id,
          checksum,
          false,
          table);
    }

    /** The log names the file now. */
    void keep() {
      finished = true;
    }

    @Override
    public void close() {
      try {
        file.close();
      } finally {
        window.close();
      }
      if (!finished) {
        try {
          files.unlink(path);
        } catch (KvbmException e) {
          // The next opening removes what no record names.
        }
      }
    }
  }
}
