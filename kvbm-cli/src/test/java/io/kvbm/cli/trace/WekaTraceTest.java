package io.kvbm.cli.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.kvbm.api.BackendException;
import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WekaTraceTest {

  private static final long SECOND = 1_000_000_000L;

  @TempDir private Path folder;

  private Path file(String name, String requests) throws IOException {
    return Files.writeString(
        folder.resolve(name),
        "{\"id\":\"x\",\"models\":[\"m\"],\"block_size\":64,\"requests\":%s,\"totals\":{\"requests\":[]}}"
            .formatted(requests));
  }

  private static Trace read(Path... paths) {
    return TraceFiles.find(List.of(paths)).read(TraceFormat.AUTO, count -> {});
  }

  private static long[] times(Trace trace) {
    return LongStream.range(0, trace.requestCount())
        .map(request -> trace.timestampNanos((int) request))
        .toArray();
  }

  @Test
  void one_file_is_one_conversation() throws IOException {
    Path file =
        file("a.json", "[{\"t\":0.0,\"hash_ids\":[5,6]},{\"hash_ids\":[5,6,9],\"t\":1.25}]");

    Trace trace = read(file);

    assertThat(times(trace)).containsExactly(0, SECOND + SECOND / 4);
    assertThat(trace.hashes(1)).startsWith(trace.hashes(0)).doesNotHaveDuplicates();
  }

  @Test
  void each_file_has_hashes_of_its_own() throws IOException {
    file("a.json", "[{\"t\":0,\"hash_ids\":[1,2]}]");
    file("b.json", "[{\"t\":0,\"hash_ids\":[1,2,18446744073709551615]}]");

    Trace trace = read(folder);

    assertThat(trace.blockCount()).isEqualTo(5);
    long[] all = {
      trace.hash(0, 0), trace.hash(0, 1), trace.hash(1, 0), trace.hash(1, 1), trace.hash(1, 2)
    };
    assertThat(all).doesNotHaveDuplicates();
  }

  @Test
  void files_start_a_minute_apart_in_the_order_of_their_names() throws IOException {
    Path late = file("c.json", "[{\"t\":0,\"hash_ids\":[1]}]");
    Path early =
        file("a.json", "[{\"t\":0,\"hash_ids\":[1,2,3]},{\"t\":119.5,\"hash_ids\":[1,2,3,4]}]");
    Path middle = file("b.json", "[{\"t\":1,\"hash_ids\":[1,2]}]");

    Trace trace = read(late, early, middle);

    assertThat(times(trace)).containsExactly(0, 61 * SECOND, 119_500_000_000L, 120 * SECOND);
    assertThat(trace.blockCount(0)).isEqualTo(3);
    assertThat(trace.blockCount(1)).isEqualTo(2);
    assertThat(trace.blockCount(2)).isEqualTo(4);
    assertThat(trace.blockCount(3)).isEqualTo(1);
  }

  @Test
  void requests_of_one_time_are_ordered_by_file_name_then_place() throws IOException {
    file("a.json", "[{\"t\":60.1,\"hash_ids\":[1]},{\"t\":60.1,\"hash_ids\":[1,2]}]");
    file("b.json", "[{\"t\":0.1,\"hash_ids\":[1,2,3]}]");

    Trace trace = read(folder);

    assertThat(times(trace)).containsOnly(60_100_000_000L);
    assertThat(List.of(trace.blockCount(0), trace.blockCount(1), trace.blockCount(2)))
        .containsExactly(1, 2, 3);
  }

  @Test
  void requests_within_requests_are_requests_and_entries_without_hashes_are_none()
      throws IOException {
    Path file =
        file(
            "a.json",
            """
            [{"t":1,"type":"subagent","requests":[{"t":4,"hash_ids":[1]},{"t":2,"hash_ids":[1,2]}]},
             {"t":2,"type":"tool"},
             {"requests":[{"t":3,"hash_ids":[1,2,3]}],"hash_ids":[1,2,3,4],"t":3}]
            """);

    Trace trace = read(file);

    assertThat(times(trace)).containsExactly(2 * SECOND, 3 * SECOND, 3 * SECOND, 4 * SECOND);
    assertThat(trace.blockCount(1)).isEqualTo(4);
    assertThat(trace.blockCount(2)).isEqualTo(3);
  }

  @Test
  void files_separated_by_commas_are_several() throws IOException {
    Path a = file("a.json", "[{\"t\":0,\"hash_ids\":[1]}]");
    Path b = file("b.json", "[{\"t\":0,\"hash_ids\":[1]}]");

    Trace trace = read(Path.of(a + "," + b));

    assertThat(trace.requestCount()).isEqualTo(2);
    assertThat(trace.name()).isEqualTo(a + "," + b);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "[{\"t\":0,\"hash_ids\":[1]                | is not complete, correct JSON",
        "{}                                        | requests is not an array",
        "[3]                                       | a request is not a JSON object",
        "[{\"hash_ids\":[1]}]                      | ends a request that has no t",
        "[{\"t\":null,\"hash_ids\":[1]}]           | t is neither a number nor",
        "[{\"t\":0,\"hash_ids\":[-4]}]             | hash id -4 is not an unsigned",
      })
  void a_bad_file_is_named_with_the_place(String requests, String complaint) throws IOException {
    Path file = file("broken.json", requests);

    assertThatExceptionOfType(CallerException.class)
        .isThrownBy(() -> read(file))
        .withMessageContaining("broken.json line 1 column ")
        .withMessageContaining(complaint);
  }

  @Test
  void a_file_without_requests_is_refused() throws IOException {
    Path file = file("a.json", "[{\"t\":0,\"type\":\"tool\"}]");
    Path other = Files.writeString(folder.resolve("b.json"), "{}");

    for (Path path : List.of(file, other)) {
      assertThatExceptionOfType(CallerException.class)
          .isThrownBy(() -> read(path))
          .withMessageContaining("holds no requests with hash_ids");
    }
  }

  @Test
  void what_does_not_exist_is_named() {
    assertThatExceptionOfType(CallerException.class)
        .isThrownBy(() -> read(folder.resolve("none.json")))
        .withMessageContaining("none.json does not exist")
        .satisfies(e -> assertThat(e.code()).isEqualTo(ErrorCode.NOT_FOUND));
  }

  @Test
  void a_folder_without_traces_is_refused() throws IOException {
    Files.writeString(folder.resolve("trace.jsonl"), "{}");
    Files.createDirectory(folder.resolve("folder.json"));

    assertThatExceptionOfType(CallerException.class)
        .isThrownBy(() -> read(folder))
        .withMessageContaining("holds no weka traces (*.json)");
  }

  @Test
  void a_file_that_goes_away_after_it_was_found_is_an_error_of_reading() throws IOException {
    Path file = file("a.json", "[]");
    TraceFiles files = TraceFiles.find(List.of(file));
    Files.delete(file);

    assertThatExceptionOfType(BackendException.class)
        .isThrownBy(() -> files.read(TraceFormat.WEKA, count -> {}))
        .withMessageContaining("a.json: it does not exist");
  }

  @Test
  void the_content_decides_whatever_the_name_says() throws IOException {
    Path weka = file("conversation.jsonl", "[{\"t\":0,\"hash_ids\":[7]}]");
    Path mooncake =
        Files.writeString(folder.resolve("trace.json"), "{\"timestamp\":0,\"hash_ids\":[7]}\n");

    assertThat(read(weka).hash(0, 0)).isZero();
    assertThat(read(mooncake).hash(0, 0)).isEqualTo(7);
  }

  @Test
  void the_recorded_conversations_are_merged_in_order() {
    Trace trace = read(SharedTraces.find("weka"));

    long[] times = times(trace);
    assertThat(trace.requestCount()).isEqualTo(1550);
    assertThat(trace.blockCount()).isEqualTo(2_686_158);
    assertThat(times).isEqualTo(Arrays.stream(times).sorted().toArray());
  }
}
