package io.kvbm.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What only a process of its own shows: signals, and a reader that goes away. */
@Timeout(60)
class ProcessTest {

  private static final byte[] REQUEST =
      "{\"timestamp\":1,\"hash_ids\":[1,2,3]}\n".getBytes(StandardCharsets.US_ASCII);

  /** More than a pipe holds: once they are written, the program has begun to read. */
  private static final int MANY_REQUESTS = 20_000;

  private static final int KILLED_BY_SIGTERM = 128 + 15;

  private Process kvbm;

  @BeforeEach
  void start() throws IOException {
    Path input = Path.of("/dev/stdin");
    assumeTrue(Files.exists(input), "this system has no /dev/stdin to feed a trace through");
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
    command.addAll(
        List.of("simulate", "--trace", input.toString(), "--capacity", "5", "--policy", "lru"));
    command.add("--json");
    kvbm = new ProcessBuilder(command).start();
  }

  @AfterEach
  void end() {
    if (kvbm != null) {
      kvbm.destroyForcibly();
    }
  }

  private void feed(OutputStream input) throws IOException {
    for (int i = 0; i < MANY_REQUESTS; i++) {
      input.write(REQUEST);
    }
    input.flush();
  }

  private String errors() throws IOException {
    return new String(kvbm.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
  }

  @Test
  void a_trace_comes_through_a_pipe_and_one_document_comes_out() throws Exception {
    try (OutputStream input = kvbm.getOutputStream()) {
      feed(input);
    }

    String out = new String(kvbm.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(JsonText.object(out)).containsEntry("requests", MANY_REQUESTS);
    assertThat(errors()).isEmpty();
    assertThat(kvbm.waitFor()).isZero();
  }

  @Test
  void ending_the_program_while_it_works_prints_nothing() throws Exception {
    feed(kvbm.getOutputStream());

    kvbm.toHandle().destroy();

    assertThat(kvbm.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(kvbm.exitValue()).isEqualTo(KILLED_BY_SIGTERM);
    assertThat(kvbm.getInputStream().readAllBytes()).isEmpty();
    assertThat(errors()).isEmpty();
  }

  @Test
  void a_reader_that_went_away_is_no_news() throws Exception {
    kvbm.getInputStream().close();
    try (OutputStream input = kvbm.getOutputStream()) {
      feed(input);
    }

    assertThat(errors()).isEmpty();
    assertThat(kvbm.waitFor()).isEqualTo(1);
  }
}
