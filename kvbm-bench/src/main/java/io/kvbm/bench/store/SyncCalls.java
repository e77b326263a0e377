package io.kvbm.bench.store;

import io.kvbm.api.BackendException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalDouble;

/**
 * How many calls that sync a put makes, counted by strace in a short run of its own. What goes
 * through a ring of the kernel's is not seen that way; the device's own count sees all.
 */
final class SyncCalls {

  private static final String CALLS = "fsync,fdatasync,msync,sync_file_range,syncfs";

  private SyncCalls() {}

  /** {@return calls for each put; empty where strace is not there or may not trace} */
  static OptionalDouble perPut(RunRequest request, Path folder)
      throws IOException, InterruptedException {
    Path counts = Files.createTempFile(folder, "strace", ".txt");
    try {
      RunResult result =
          ChildJvm.run(
              request,
              List.of("strace", "-f", "-c", "-e", "trace=" + CALLS, "-o", counts.toString()),
              folder);
      return OptionalDouble.of(
          count(Files.readAllLines(counts)) / (double) Math.max(1, result.operations()));
    } catch (IOException | BackendException e) {
      return OptionalDouble.empty();
    } finally {
      Files.deleteIfExists(counts);
    }
  }

  /** {@return the sum of the calls in the table that strace writes} */
  static long count(List<String> lines) {
    List<String> names = List.of(CALLS.split(",", -1));
    return lines.stream()
        .map(line -> line.strip().split("\\s+", -1))
        .filter(fields -> fields.length >= 5 && names.contains(fields[fields.length - 1]))
        .mapToLong(fields -> Long.parseLong(fields[3]))
        .sum();
  }
}
