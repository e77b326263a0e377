package io.kvbm.cli.trace;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/** Splits bytes into lines, without decoding or copying them. Not thread-safe. */
final class LineReader {

  private static final int MAX_LINE_BYTES = 1 << 30;

  private final InputStream source;
  private byte[] buffer = new byte[1 << 16];
  private int start;
  private int end;
  private int next;
  private int limit;
  private long number;
  private boolean exhausted;

  LineReader(InputStream source) {
    this.source = source;
  }

  /**
   * Goes to the next line. Returns false after the last one; a line break at the end of the text
   * begins no line.
   */
  boolean advance() throws IOException {
    start = next;
    number++;
    int scanned = start;
    while (true) {
      for (; scanned < limit; scanned++) {
        if (buffer[scanned] == '\n') {
          return found(scanned, scanned + 1);
        }
      }
      if (exhausted) {
        return limit > start && found(limit, limit);
      }
      scanned -= fill();
    }
  }

  private boolean found(int lineEnd, int nextStart) {
    end = lineEnd;
    next = nextStart;
    return true;
  }

  /**
   * Reads more behind the line that began, and returns by how much that line moved towards the
   * front.
   */
  private int fill() throws IOException {
    int moved = start;
    System.arraycopy(buffer, start, buffer, 0, limit - start);
    limit -= moved;
    start = 0;
    if (limit == buffer.length) {
      if (limit >= MAX_LINE_BYTES) {
        throw new TraceSyntaxException("is longer than " + MAX_LINE_BYTES + " bytes");
      }
      buffer = Arrays.copyOf(buffer, limit * 2);
    }
    int count = source.read(buffer, limit, buffer.length - limit);
    if (count < 0) {
      exhausted = true;
    } else {
      limit += count;
    }
    return moved;
  }

  /**
   * The array that holds the line, from {@link #offset} on; valid until the next call of {@link
   * #advance}.
   */
  byte[] bytes() {
    return buffer;
  }

  int offset() {
    return start;
  }

  int length() {
    return end - start;
  }

  /** The number of the line that {@link #advance} went to or failed on, from 1. */
  long number() {
    return number;
  }

  /** Whether the line holds nothing but blanks. */
  boolean isBlank() {
    for (int i = start; i < end; i++) {
      if (buffer[i] != ' ' && buffer[i] != '\t' && buffer[i] != '\r') {
        return false;
      }
    }
    return true;
  }
}
