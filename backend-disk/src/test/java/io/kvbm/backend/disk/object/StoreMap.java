package io.kvbm.backend.disk.object;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Says what each byte of a store's files is. */
final class StoreMap {

  /**
   * Bytes of one file.
   *
   * @param path the file
   * @param from the first
   * @param to the one behind the last
   * @param isChecked whether a checksum other than that of a value covers them
   * @param key whose value they are, if they are of a value that is not superseded
   */
  record Part(Path path, int from, int to, boolean isChecked, @Nullable String key) {}

  private final Map<Path, byte[]> files;
  private final List<Part> parts = new ArrayList<>();
  private final Map<String, EntryHeader> newest = new HashMap<>();
  private UUID store = new UUID(0, 0);

  private StoreMap(Map<Path, byte[]> files) {
    this.files = files;
  }

  /** {@return the parts of all files, in order, without gaps} */
  static List<Part> of(Map<Path, byte[]> files) {
    StoreMap map = new StoreMap(files);
    map.findStore();
    for (boolean add : new boolean[] {false, true}) {
      files.forEach((path, bytes) -> map.readFile(path, bytes, add));
    }
    return map.parts;
  }

  private void findStore() {
    files.forEach(
        (path, bytes) -> {
          if (path.getFileName().toString().startsWith("store-")) {
            MemorySegment page = MemorySegment.ofArray(bytes);
            store = new UUID(page.get(Format.LONG, 8), page.get(Format.LONG, 16));
          }
        });
  }

  private void readFile(Path path, byte[] bytes, boolean add) {
    if (StoreFiles.segmentNumber(path) >= 0) {
      readSegment(path, bytes, add);
    } else if (add) {
      long id = StoreFiles.objectId(path);
      int head = id == 0 ? bytes.length : Format.PAGE;
      parts.add(new Part(path, 0, head, true, null));
      if (head < bytes.length) {
        String key =
            newest.values().stream()
                .filter(entry -> entry.objectId() == id)
                .map(EntryHeader::key)
                .findFirst()
                .orElse(null);
        parts.add(new Part(path, head, bytes.length, false, key));
      }
    }
  }

  private void readSegment(Path path, byte[] bytes, boolean add) {
    MemorySegment memory = MemorySegment.ofArray(bytes);
    int done = 64;
    add(add, path, 0, done, true, null);
    for (int at = Format.PAGE; at + Format.PAGE <= bytes.length; at += Format.PAGE) {
      RecordHeader record =
          RecordHeader.readFrom(
              memory.asSlice(at, Format.PAGE), store, StoreFiles.segmentNumber(path), at);
      if (record == null) {
        continue;
      }
      add(add, path, done, at, false, null);
      done = at + RecordHeader.BYTE_SIZE;
      add(add, path, at, done, true, null);
      for (int i = 0; i < record.entryCount(); i++) {
        EntryHeader entry =
            EntryHeader.readFrom(memory.asSlice(done, at + record.byteSize() - done));
        if (entry == null) {
          throw new AssertionError("no entry in " + path + " at " + done);
        }
        newest.merge(
            entry.key(), entry, (one, other) -> one.version() >= other.version() ? one : other);
        int body = done + entry.headByteSize();
        int end = (int) (done + entry.entryByteSize());
        boolean isNewest = newest.get(entry.key()).version() == entry.version();
        add(add, path, done, body, true, entry.key());
        add(add, path, body, end, false, isNewest ? entry.key() : null);
        done = end;
      }
      at += (int) record.byteSize() - Format.PAGE;
    }
    add(add, path, done, bytes.length, false, null);
  }

  private void add(
      boolean add, Path path, int from, int to, boolean isChecked, @Nullable String key) {
    if (add && from < to) {
      parts.add(new Part(path, from, to, isChecked, key));
    }
  }
}
