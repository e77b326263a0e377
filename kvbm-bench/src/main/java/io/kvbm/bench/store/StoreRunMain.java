package io.kvbm.bench.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.ExecutionException;

/** The process that one measurement runs in. */
public final class StoreRunMain {

  private StoreRunMain() {}

  /**
   * Measures and writes the result to a file.
   *
   * @param words the file, then the request
   * @throws IOException if the file cannot be written
   * @throws InterruptedException if somebody ends it
   * @throws ExecutionException if the measurement failed
   */
  public static void main(String[] words)
      throws IOException, InterruptedException, ExecutionException {
    RunRequest request = RunRequest.of(Arrays.asList(words).subList(1, words.length));
    Files.createDirectories(request.directory());
    Files.writeString(Path.of(words[0]), StoreRun.of(request).line());
  }
}
