package io.kvbm.cli.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.kvbm.api.CallerException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MooncakeTraceTest {

  @TempDir private Path folder;

  private Path file(String text) throws IOException {
    return Files.writeString(folder.resolve("trace.jsonl"), text);
  }

  private Trace read(String text) throws IOException {
    return TraceFiles.find(List.of(file(text))).read(TraceFormat.AUTO, count -> {});
  }

  @Test
  void requests_keep_their_order_times_and_hashes() throws IOException {
    Trace trace =
        read(
            """
            {"timestamp": 0, "input_length": 6758, "output_length": 500, "hash_ids": [0, 1, 2]}
            {"timestamp": "27482", "hash_ids": [7], "extra": {"hash_ids": [1], "deep": [[]]}}
            {"hash_ids": [0, 0, 5], "timestamp": 27482.5}
            """);

    assertThat(trace.requestCount()).isEqualTo(3);
    assertThat(trace.blockCount()).isEqualTo(7);
    assertThat(trace.hashes(0)).containsExactly(0, 1, 2);
    assertThat(trace.hashes(1)).containsExactly(7);
    assertThat(trace.hashes(2)).containsExactly(0, 0, 5);
    assertThat(trace.timestampNanos(1)).isEqualTo(27_482_000_000L);
    assertThat(trace.timestampNanos(2)).isEqualTo(27_482_500_000L);
    assertThat(trace.name()).isEqualTo(folder.resolve("trace.jsonl").toString());
  }

  @Test
  void hashes_are_unsigned_64_bit_numbers() throws IOException {
    Trace trace =
        read(
            "{\"timestamp\":1,\"hash_ids\":"
                + "[18446744073709551615, 9223372036854775808, 9223372036854775807, 0]}");

    assertThat(trace.hashes(0)).containsExactly(-1L, Long.MIN_VALUE, Long.MAX_VALUE, 0L);
  }

  @Test
  void an_empty_request_is_a_request() throws IOException {
    Trace trace = read("{\"timestamp\":1,\"hash_ids\":[]}\n{\"timestamp\":2,\"hash_ids\":[4]}");

    assertThat(trace.requestCount()).isEqualTo(2);
    assertThat(trace.blockCount(0)).isZero();
    assertThat(trace.hash(1, 0)).isEqualTo(4);
  }

  @Test
  void empty_lines_carriage_returns_and_a_missing_last_line_break_do_no_harm() throws IOException {
    Trace trace =
        read("\r\n{\"timestamp\":1,\"hash_ids\":[1]}\r\n \t\n{\"timestamp\":2,\"hash_ids\":[2]}");

    assertThat(trace.requestCount()).isEqualTo(2);
  }

  @Test
  void times_that_no_clock_reaches_keep_their_order() throws IOException {
    Trace trace =
        read(
            """
            {"timestamp":"99999999999999999999999","hash_ids":[1]}
            {"timestamp":-99999999999999999999999,"hash_ids":[1]}
            {"timestamp":1e300,"hash_ids":[1]}
            {"hash_ids":[1]}
            """);

    assertThat(trace.timestampNanos(0)).isEqualTo(Long.MAX_VALUE);
    assertThat(trace.timestampNanos(1)).isEqualTo(Long.MIN_VALUE);
    assertThat(trace.timestampNanos(2)).isEqualTo(Long.MAX_VALUE);
    assertThat(trace.timestampNanos(3)).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void lines_longer_than_any_buffer_are_read() throws IOException {
    String filler = "x".repeat(300_000);
    StringBuilder ids = new StringBuilder("0");
    for (int i = 1; i < 100_000; i++) {
      ids.append(',').append(i);
    }
    Trace trace =
        read(
            "{\"prompt\":\"%s\",\"timestamp\":1,\"hash_ids\":[%s]}\n{\"timestamp\":2,\"hash_ids\":[3]}\n"
                .formatted(filler, ids));

    assertThat(trace.blockCount(0)).isEqualTo(100_000);
    assertThat(trace.hash(0, 99_999)).isEqualTo(99_999);
    assertThat(trace.hash(1, 0)).isEqualTo(3);
  }

  @Test
  void progress_counts_the_bytes_of_the_file() throws IOException {
    TraceFiles files =
        TraceFiles.find(List.of(file("{\"timestamp\":1,\"hash_ids\":[1]}\n".repeat(9000))));
    AtomicLong bytes = new AtomicLong();

    files.read(TraceFormat.MOONCAKE, bytes::addAndGet);

    assertThat(bytes).hasValue(files.byteSize());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"timestamp\":3,\"hash_ids\":[1,2                  | is not complete, correct JSON",
        "{\"timestamp\":3,\"hash_ids\":[1,2]                 | is not complete, correct JSON",
        "{\"timestamp\":3,\"hash_ids\":[1,,2]}               | is not complete, correct JSON",
        "hello                                               | is not complete, correct JSON",
        "[1,2]                                               | is not a JSON object",
        "{\"timestamp\":3}                                   | has no hash_ids",
        "{\"timestamp\":3,\"hash_ids\":7}                    | hash_ids is not an array",
        "{\"timestamp\":3,\"hash_ids\":null}                 | hash_ids is not an array",
        "{\"timestamp\":3,\"hash_ids\":[-1]}                 | hash id -1 is not an unsigned",
        "{\"timestamp\":3,\"hash_ids\":[1.5]}                | is not an unsigned 64-bit",
        "{\"timestamp\":3,\"hash_ids\":[\"1\"]}              | is not an unsigned 64-bit",
        "{\"timestamp\":3,\"hash_ids\":[18446744073709551616]} | 18446744073709551616 is not an"
            + " unsigned",
        "{\"timestamp\":3,\"hash_ids\":[-9223372036854775809]} | is not an unsigned 64-bit",
        "{\"timestamp\":\"soon\",\"hash_ids\":[1]}           | timestamp is neither a number nor",
        "{\"timestamp\":\"\",\"hash_ids\":[1]}               | timestamp is neither a number nor",
        "{\"timestamp\":true,\"hash_ids\":[1]}               | timestamp is neither a number nor",
        "{\"timestamp\":3,\"hash_ids\":[1],\"hash_ids\":[1]} | has hash_ids twice",
        "{\"timestamp\":3,\"hash_ids\":[1]} {}               | goes on behind its JSON object",
      })
  void a_bad_line_is_named_with_its_file(String line, String complaint) throws IOException {
    String good = "{\"timestamp\":1,\"hash_ids\":[1]}\n";

    assertThatExceptionOfType(CallerException.class)
        .isThrownBy(() -> read(good + "\n" + line + "\n" + good))
        .withMessageContaining("trace.jsonl line 3 ")
        .withMessageContaining(complaint)
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n"));
  }

  @Test
  void a_first_line_that_is_cut_off_is_line_1() {
    assertThatExceptionOfType(CallerException.class)
        .isThrownBy(() -> read("{\"timest"))
        .withMessageContaining("trace.jsonl line 1 ");
  }

  @Test
  void bytes_that_are_no_text_are_refused_with_their_line() throws IOException {
    byte[] bytes = "{\"a\":\"??\",\"hash_ids\":[]}".getBytes(StandardCharsets.US_ASCII);
    bytes[6] = (byte) 0xff;
    Path file = Files.write(folder.resolve("binary.jsonl"), bytes);

    assertThatExceptionOfType(CallerException.class)
        .isThrownBy(() -> TraceFiles.find(List.of(file)).read(TraceFormat.MOONCAKE, count -> {}))
        .withMessageContaining("binary.jsonl line 1 ");
  }

  @Test
  void a_file_without_requests_is_refused() {
    for (String text : List.of("", "\n \n")) {
      assertThatExceptionOfType(CallerException.class)
          .isThrownBy(() -> read(text))
          .withMessageContaining("is empty");
    }
  }

  @Test
  void several_files_or_a_folder_are_not_merged() throws IOException {
    Path file = file("{\"timestamp\":1,\"hash_ids\":[1]}\n");

    assertThatExceptionOfType(CallerException.class)
        .isThrownBy(
            () -> TraceFiles.find(List.of(file, file)).read(TraceFormat.MOONCAKE, count -> {}))
        .withMessageContaining("a mooncake trace is one file");
  }

  @Test
  void the_recorded_conversations_have_their_known_counts() {
    Path file = SharedTraces.find("mooncake/conversation_trace.jsonl");

    Trace trace = TraceFiles.find(List.of(file)).read(TraceFormat.AUTO, count -> {});

    assertThat(trace.requestCount()).isEqualTo(12_031);
    assertThat(trace.blockCount()).isEqualTo(288_500);
  }
}
