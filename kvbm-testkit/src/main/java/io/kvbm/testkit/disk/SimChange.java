package io.kvbm.testkit.disk;

import java.util.SplittableRandom;

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
   * @param torn whether a sector may survive in part
   */
  default void survive(SimImage image, SplittableRandom random, boolean torn) {
    if (random.nextBoolean()) {
      apply(image);
    }
  }

  /** Bytes written; each sector survives by itself, and so does the new length. */
  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  record Write(long position, byte[] bytes) implements SimChange {
    @Override
    public void apply(SimImage image) {
      image.put(position, bytes, 0, bytes.length);
      image.growTo(position + bytes.length);
    }

    @Override
    public void survive(SimImage image, SplittableRandom random, boolean torn) {
      for (int start = 0; start < bytes.length; ) {
        int end = (int) Math.min(bytes.length, start + SECTOR - (position + start) % SECTOR);
        int kept = keptBytes(end - start, random, torn);
        image.put(position + start, bytes, start, kept);
        start = end;
      }
      if (random.nextBoolean()) {
        image.growTo(position + bytes.length);
      }
    }

    private static int keptBytes(int length, SplittableRandom random, boolean torn) {
      int choice = random.nextInt(torn ? 3 : 2);
      return switch (choice) {
        case 0 -> 0;
        case 1 -> length;
        default -> random.nextInt(length);
      };
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
