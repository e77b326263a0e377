package io.kvbm.testkit.disk;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of a file at one moment: pages that were written or reserved, zeros elsewhere, and a
 * length. Copies share their pages until one of them changes one.
 */
final class SimImage {

  static final int PAGE = 4096;

  /** Pages of a chunk: as many as a long has bits. */
  private static final int CHUNK = Long.SIZE;

  /** Stands for every page of zeros; copied before it is changed. */
  private static final byte[] ZERO = new byte[PAGE];

  private static final MemorySegment ZEROS = MemorySegment.ofArray(ZERO);

  private @Nullable Chunk[] chunks = new Chunk[1];
  private long byteSize;
  private int pageCount;

  SimImage copy() {
    SimImage copy = new SimImage();
    copy.byteSize = byteSize;
    copy.pageCount = pageCount;
    copy.chunks = new Chunk[chunks.length];
    for (int i = 0; i < chunks.length; i++) {
      Chunk chunk = chunks[i];
      if (chunk != null) {
        copy.chunks[i] = chunk.share();
      }
    }
    return copy;
  }

  long byteSize() {
    return byteSize;
  }

  int pageCount() {
    return pageCount;
  }

  /** {@return how many pages a write or reservation would add} */
  long missingPages(long position, long length) {
    long missing = 0;
    for (long page = position / PAGE; page * PAGE < position + length; page++) {
      missing += page(page) == null ? 1 : 0;
    }
    return missing;
  }

  void read(long position, MemorySegment target) {
    long length = target.byteSize();
    for (long done = 0; done < length; ) {
      long at = position + done;
      int start = (int) (at % PAGE);
      int count = (int) Math.min(PAGE - start, length - done);
      byte[] page = page(at / PAGE);
      if (page == null || page == ZERO) {
        target.asSlice(done, count).fill((byte) 0);
      } else {
        MemorySegment.copy(page, start, target, ValueLayout.JAVA_BYTE, done, count);
      }
      done += count;
    }
  }

  /** {@return a copy of bytes for {@link #put}; for a whole page of zeros always the same one} */
  static byte[] copyOf(MemorySegment bytes) {
    boolean zeros = bytes.byteSize() == PAGE && bytes.mismatch(ZEROS) < 0;
    return zeros ? ZERO : bytes.toArray(ValueLayout.JAVA_BYTE);
  }

  /**
   * Writes bytes of one page without touching the length.
   *
   * @param source nobody changes it any more: a whole page is not copied
   */
  void put(long position, byte[] source, int offset, int length) {
    long number = position / PAGE;
    if (length == PAGE) {
      share(number, source);
    } else if (length > 0 && (page(number) != ZERO || !isZero(source, offset, length))) {
      System.arraycopy(source, offset, own(number), (int) (position % PAGE), length);
    }
  }

  private void share(long number, byte[] page) {
    Chunk chunk = chunkAt(number);
    int index = (int) (number % CHUNK);
    if (chunk.pages[index] == null) {
      pageCount++;
    }
    chunk.pages[index] = page;
    chunk.owned &= ~(1L << index);
  }

  private static boolean isZero(byte[] source, int offset, int count) {
    return Arrays.equals(source, offset, offset + count, ZERO, 0, count);
  }

  /** Makes the file at least so long; new bytes are zero. */
  void growTo(long end) {
    byteSize = Math.max(byteSize, end);
  }

  void reserve(long position, long length) {
    for (long page = position / PAGE; page * PAGE < position + length; page++) {
      Chunk chunk = chunkAt(page);
      int index = (int) (page % CHUNK);
      if (chunk.pages[index] == null) {
        chunk.pages[index] = ZERO;
        pageCount++;
      }
    }
  }

  void punch(long position, long length) {
    long end = position + length;
    for (long at = position; at < end; ) {
      long page = at / PAGE;
      long next = Math.min(end, (page + 1) * PAGE);
      if (next - at == PAGE) {
        drop(page);
      } else if (page(page) != null) {
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
    long firstBehind = Math.ceilDiv(byteSize, PAGE);
    for (int i = (int) Math.min(chunks.length, firstBehind / CHUNK); i < chunks.length; i++) {
      for (int j = 0; chunks[i] != null && j < CHUNK; j++) {
        long page = (long) i * CHUNK + j;
        if (page >= firstBehind) {
          drop(page);
        }
      }
    }
    int tail = (int) (byteSize % PAGE);
    byte[] last = page(byteSize / PAGE);
    if (tail > 0 && last != null && !isZero(last, tail, PAGE - tail)) {
      Arrays.fill(own(byteSize / PAGE), tail, PAGE, (byte) 0);
    }
  }

  private byte @Nullable [] page(long page) {
    int index = (int) Math.min(Integer.MAX_VALUE, page / CHUNK);
    Chunk chunk = index < chunks.length ? chunks[index] : null;
    return chunk == null ? null : chunk.pages[(int) (page % CHUNK)];
  }

  private Chunk chunkAt(long page) {
    int index = Math.toIntExact(page / CHUNK);
    if (index >= chunks.length) {
      chunks = Arrays.copyOf(chunks, Math.max(index + 1, chunks.length * 2));
    }
    Chunk chunk = chunks[index];
    if (chunk == null) {
      chunk = new Chunk(new byte[CHUNK][]);
      chunks[index] = chunk;
    }
    return chunk;
  }

  private void drop(long page) {
    if (page(page) != null) {
      chunkAt(page).pages[(int) (page % CHUNK)] = null;
      pageCount--;
    }
  }

  private byte[] own(long page) {
    Chunk chunk = chunkAt(page);
    int index = (int) (page % CHUNK);
    long bit = 1L << index;
    byte[] bytes = chunk.pages[index];
    if (bytes == null) {
      pageCount++;
    }
    if (bytes == null || bytes == ZERO) {
      bytes = new byte[PAGE];
    } else if ((chunk.owned & bit) == 0) {
      bytes = bytes.clone();
    }
    chunk.owned |= bit;
    chunk.pages[index] = bytes;
    return bytes;
  }

  /** Pages side by side, and which of them no other image has. */
  private static final class Chunk {
    private final byte[] @Nullable [] pages;
    private long owned;

    Chunk(byte[] @Nullable [] pages) {
      this.pages = pages;
    }

    Chunk share() {
      owned = 0;
      return new Chunk(pages.clone());
    }
  }
}
