package io.kvbm.bench.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Makes reads cold: writes everything back and drops what the kernel keeps of the files. */
final class PageCache {

  private static final Path DROP = Path.of("/proc/sys/vm/drop_caches");
  private static final String PAGES_AND_NAMES = "3\n";

  private PageCache() {}

  /** Drops all of it where this user may, else that of the files in a folder. */
  static void drop(Path folder) throws IOException, InterruptedException {
    sync();
    if (Files.isWritable(DROP)) {
      Files.writeString(DROP, PAGES_AND_NAMES);
      return;
    }
    List<Path> files;
    try (Stream<Path> all = Files.walk(folder)) {
      files = all.filter(Files::isRegularFile).toList();
    }
    for (Path file : files) {
      run(List.of("dd", "if=" + file, "iflag=nocache", "count=0", "status=none"));
    }
  }

  /** Writes everything back, so that the next to be measured does not pay for the last. */
  static void sync() throws IOException, InterruptedException {
    run(List.of("sync"));
  }

  private static void run(List<String> command) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(new ArrayList<>(command))
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    if (process.waitFor() != 0) {
      throw new IOException(String.join(" ", command) + " failed with " + process.exitValue());
    }
  }
}
