package io.kvbm.testkit.disk;

import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** A change to a file's bytes or length that is not durable yet. */
sealed interface SimChange {

  /** What a device writes as a whole, unless it tears. */
  int SECTOR = 512;

  /** Makes the whole change. */
  void apply(SimImage image);

  /**
   * Makes as much of the change as survives a power cut.
   *
   * @param image the file as it was before
   * @param random decides
   * @param torn whether a sector may survive in part, or as garbage, or as zeros
   */
  default void survive(SimImage image, SplittableRandom random, boolean torn) {
    if (random.nextBoolean()) {
      apply(image);
    }
  }

  /**
   * Bytes written; each sector survives by itself, and so does the new length. Nobody changes the
   * pieces: images share those that are whole pages.
   *
   * @param position where the bytes go
   * @param length how many
   * @param pieces the bytes, cut where pages begin
   */
  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  record Write(long position, int length, byte[][] pieces) implements SimChange {

    static Write of(long position, MemorySegment source) {
      int length = Math.toIntExact(source.byteSize());
      int start = (int) (position % SimImage.PAGE);
      byte[][] pieces = new byte[Math.ceilDiv(start + length, SimImage.PAGE)][];
      int at = 0;
      for (int i = 0; i < pieces.length; i++) {
        int count = Math.min(length - at, SimImage.PAGE - (i == 0 ? start : 0));
        pieces[i] = SimImage.copyOf(source.asSlice(at, count));
        at += count;
      }
      return new Write(position, length, pieces);
    }

    @Override
    public void apply(SimImage image) {
      long at = position;
      for (byte[] piece : pieces) {
        image.put(at, piece, 0, piece.length);
        at += piece.length;
      }
      image.growTo(position + length);
    }

    @Override
    public void survive(SimImage image, SplittableRandom random, boolean torn) {
      long at = position;
      for (byte[] piece : pieces) {
        survive(image, at, piece, random, torn);
        at += piece.length;
      }
      if (random.nextBoolean()) {
        image.growTo(position + length);
      }
    }

    private static void survive(
        SimImage image, long position, byte[] piece, SplittableRandom random, boolean torn) {
      for (int start = 0; start < piece.length; ) {
        int end = (int) Math.min(piece.length, start + SECTOR - (position + start) % SECTOR);
        int choice = random.nextInt(torn ? 8 : 2);
        if (choice == 1 || choice == 7) {
          image.put(position + start, piece, start, end - start);
        } else if (choice == 2) {
          image.put(position + start, piece, start, random.nextInt(end - start));
        } else if (choice == 3 || choice == 4) {
          spoil(image, position + start, choice == 3 ? null : random);
        }
        start = end;
      }
    }

    /** The whole sector is gone, also bytes of it that were durable and not written again. */
    private static void spoil(SimImage image, long position, @Nullable SplittableRandom random) {
      byte[] sector = new byte[SECTOR];
      if (random != null) {
        random.nextBytes(sector);
      }
      image.put(position / SECTOR * SECTOR, sector, 0, SECTOR);
    }
  }

  /** Space reserved, the file at least as long. */
  record Reserve(long position, long length) implements SimChange {
    @Override
    public void apply(SimImage image) {
      image.reserve(position, length);
      image.growTo(position + length);
    }
  }

  /** A hole. */
  record Punch(long position, long length) implements SimChange {
    @Override
    public void apply(SimImage image) {
      image.punch(position, length);
    }
  }

  /** A new length. */
  record Resize(long byteSize) implements SimChange {
    @Override
    public void apply(SimImage image) {
      image.resize(byteSize);
    }
  }
}
