package io.kvbm.testkit.disk;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * The bytes of a file at one moment: pages that were written or reserved, zeros elsewhere, and a
 * length.
 */
final class SimImage {

  static final int PAGE = 4096;

  /** Stands for a page that is reserved and was never written; copied before it is changed. */
  private static final byte[] ZERO = new byte[PAGE];

  private final Map<Long, byte[]> pages = new HashMap<>();
  private long byteSize;

  SimImage copy() {
    SimImage copy = new SimImage();
    copy.byteSize = byteSize;
    pages.forEach((index, page) -> copy.pages.put(index, page == ZERO ? ZERO : page.clone()));
    return copy;
  }

  long byteSize() {
    return byteSize;
  }

  int pageCount() {
    return pages.size();
  }

  /** {@return how many pages a write or reservation would add} */
  long missingPages(long position, long length) {
    long missing = 0;
    for (long page = position / PAGE; page * PAGE < position + length; page++) {
      missing += pages.containsKey(page) ? 0 : 1;
    }
    return missing;
  }

  void read(long position, MemorySegment target) {
    for (long done = 0; done < target.byteSize(); ) {
      long at = position + done;
      int start = (int) (at % PAGE);
      int count = (int) Math.min(PAGE - start, target.byteSize() - done);
      byte[] page = pages.getOrDefault(at / PAGE, ZERO);
      MemorySegment.copy(page, start, target, ValueLayout.JAVA_BYTE, done, count);
      done += count;
    }
  }

  /** Writes without touching the length. */
  void put(long position, byte[] source, int offset, int length) {
    for (int done = 0; done < length; ) {
      long at = position + done;
      int start = (int) (at % PAGE);
      int count = Math.min(PAGE - start, length - done);
      System.arraycopy(source, offset + done, own(at / PAGE), start, count);
      done += count;
    }
  }

  /** Makes the file at least so long; new bytes are zero. */
  void growTo(long end) {
    byteSize = Math.max(byteSize, end);
  }

  void reserve(long position, long length) {
    for (long page = position / PAGE; page * PAGE < position + length; page++) {
      pages.putIfAbsent(page, ZERO);
    }
  }

  void punch(long position, long length) {
    long end = position + length;
    for (long at = position; at < end; ) {
      long page = at / PAGE;
      long next = Math.min(end, (page + 1) * PAGE);
      if (next - at == PAGE) {
        pages.remove(page);
      } else if (pages.containsKey(page)) {
        int start = (int) (at % PAGE);
        Arrays.fill(own(page), start, start + (int) (next - at), (byte) 0);
      }
      at = next;
    }
  }

  /** Cuts or extends; what is cut off is gone, also when the file grows again. */
  void resize(long newByteSize) {
    byteSize = newByteSize;
    trim();
  }

  /** Forgets every byte behind the end. */
  void trim() {
    pages.keySet().removeIf(page -> page * PAGE >= byteSize);
    int tail = (int) (byteSize % PAGE);
    if (tail > 0 && pages.containsKey(byteSize / PAGE)) {
      Arrays.fill(own(byteSize / PAGE), tail, PAGE, (byte) 0);
    }
  }

  private byte[] own(long page) {
    byte[] bytes = pages.get(page);
    if (bytes == null || bytes == ZERO) {
      bytes = new byte[PAGE];
      pages.put(page, bytes);
    }
    return bytes;
  }
}
