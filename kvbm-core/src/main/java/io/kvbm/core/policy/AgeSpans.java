package io.kvbm.core.policy;

import java.util.Arrays;

/**
 * Divides ages into spans: the first begins at 0, each later one is longer than the one before by
 * the square root of two, and the last is open. The span of an age is found by the first three bits
 * of the age. Immutable.
 */
final class AgeSpans {

  private static final int LEADING_BITS = 3;
  private static final int CELLS_PER_OCTAVE = 1 << LEADING_BITS - 1;
  private static final int CELLS = CELLS_PER_OCTAVE * (Long.SIZE - LEADING_BITS + 1);

  /** The youngest age of each span. */
  private final long[] edges;

  /** By the first bits of an age: the span of the youngest age that begins with them. */
  private final byte[] spans = new byte[CELLS];

  /**
   * @param first where the second span begins, about
   * @param last where the last span begins, above 0
   */
  AgeSpans(double first, long last) {
    edges = edges(first, last);
    int span = 0;
    for (int cell = 0; cell < CELLS; cell++) {
      long youngest = youngest(cell);
      while (span + 1 < edges.length && edges[span + 1] <= youngest) {
        span++;
      }
      spans[cell] = (byte) span;
    }
  }

  private static long[] edges(double first, long last) {
    long[] found = new long[Long.SIZE];
    int count = 1;
    for (double edge = Math.max(1.0, first); edge < last; edge *= Math.sqrt(2)) {
      long rounded = (long) Math.ceil(edge);
      if (rounded > found[count - 1] && rounded < last) {
        found[count++] = rounded;
      }
    }
    found[count++] = last;
    return Arrays.copyOf(found, count);
  }

  private static int cell(long age) {
    int octave = Math.max(0, Long.SIZE - LEADING_BITS - Long.numberOfLeadingZeros(age));
    return CELLS_PER_OCTAVE * octave + (int) (age >>> octave);
  }

  private static long youngest(int cell) {
    int octave = Math.max(0, cell / CELLS_PER_OCTAVE - 1);
    return (long) (cell - CELLS_PER_OCTAVE * octave) << octave;
  }

  /** {@return how many spans there are, at least 2} */
  int count() {
    return edges.length;
  }

  /** {@return the span an age lies in} */
  int of(long age) {
    int span = spans[cell(age)];
    while (span + 1 < edges.length && edges[span + 1] <= age) {
      span++;
    }
    return span;
  }

  /** {@return the youngest age of a span} */
  long start(int span) {
    return edges[span];
  }

  /** {@return the youngest age above those of the span; one that is never reached for the last} */
  long end(int span) {
    return span + 1 < edges.length ? edges[span + 1] : Long.MAX_VALUE / 2;
  }
}
