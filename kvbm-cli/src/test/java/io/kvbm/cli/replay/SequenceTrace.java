package io.kvbm.cli.replay;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.IntToLongFunction;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/** A trace whose requests ask for sequences of equal length. */
final class SequenceTrace {

  private SequenceTrace() {}

  /**
   * Writes it.
   *
   * @param blocks of each request
   * @param first the first block of a request, by its number
   */
  static Path write(Path file, int requests, int blocks, IntToLongFunction first)
      throws IOException {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < requests; i++) {
      long from = first.applyAsLong(i);
      lines
          .append("{\"timestamp\":")
          .append(i)
          .append(",\"hash_ids\":[")
          .append(
              LongStream.range(from, from + blocks)
                  .mapToObj(Long::toString)
                  .collect(Collectors.joining(",")))
          .append("]}\n");
    }
    return Files.writeString(file, lines.toString());
  }
}
