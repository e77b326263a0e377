package io.kvbm.cli.replay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import io.kvbm.cli.Invocation;
import io.kvbm.cli.JsonText;
import io.kvbm.cli.settings.Surroundings;
import io.kvbm.cli.trace.ChatWorkload;
import io.kvbm.cli.trace.Trace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ReplayCommandTest {

  private static final int BLOCK = 4096;
  private static final List<String> TIERS = List.of("device", "host", "disk");

  /** Its largest request has 261 blocks. */
  private static final Trace CHAT = new ChatWorkload(400, 12, 7).generate();

  private static final int CHAT_TOP = 300;

  @TempDir private Path folder;
  @TempDir private Path diskFolder;

  @AfterEach
  void nothingIsLeftBehind() throws IOException {
    try (Stream<Path> files = Files.list(diskFolder)) {
      assertThat(files).isEmpty();
    }
  }

  private Invocation replay(String trace, int device, int host, int disk, String... more) {
    List<String> args = new ArrayList<>(List.of("replay", "--block-bytes", "4KiB"));
    args.addAll(List.of("--trace", trace));
    args.addAll(List.of("--device", "" + device, "--host", "" + host, "--disk", "" + disk));
    if (!List.of(more).contains("--policy")) {
      args.addAll(List.of("--policy", "lru")); // the models here are of lru
    }
    if (!List.of(more).contains("--deadline")) {
      args.addAll(List.of("--deadline", "0"));
    }
    args.addAll(List.of(more));
    Map<String, String> scratch = Map.of("KVBM_BACKENDS_DISK_DIR", diskFolder.toString());
    return Invocation.in(new Surroundings(scratch, Optional.empty()), args.toArray(String[]::new));
  }

  /** Replays and checks what holds of every replay in which nothing was damaged. */
  private Map<String, Object> document(String trace, int device, int host, int disk) {
    Invocation ran = replay(trace, device, host, disk, "--json");
    assertThat(ran.err()).isEmpty();
    assertThat(ran.exitCode()).isZero();
    Map<String, Object> document = JsonText.object(ran.out());
    assertThat(document).containsEntry("wrongBlocks", 0).containsEntry("lost", 0);
    assertThat(totalHits(document) + number(document, "misses"))
        .isEqualTo(number(document, "blocks"));
    return document;
  }

  private String traceOf(long[]... requests) throws IOException {
    return write(Arrays.asList(requests));
  }

  private String chat() throws IOException {
    List<long[]> requests = new ArrayList<>();
    for (int i = 0; i < CHAT.requestCount(); i++) {
      requests.add(CHAT.hashes(i));
    }
    return write(requests);
  }

  private String write(List<long[]> requests) throws IOException {
    StringBuilder text = new StringBuilder();
    for (long[] request : requests) {
      String hashes =
          Arrays.stream(request).mapToObj(Long::toUnsignedString).collect(Collectors.joining(","));
      text.append("{\"timestamp\":0,\"hash_ids\":[").append(hashes).append("]}\n");
    }
    return Files.writeString(folder.resolve("t.jsonl"), text).toString();
  }

  private static long[] range(long from, long to) {
    return LongStream.range(from, to).toArray();
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> member(Map<String, Object> document, String name) {
    return (Map<String, Object>) document.get(name);
  }

  private static long number(Map<String, Object> document, String name) {
    return ((Number) document.get(name)).longValue();
  }

  private static long hits(Map<String, Object> document, String tier) {
    return number(member(document, "hits"), tier);
  }

  private static long totalHits(Map<String, Object> document) {
    return TIERS.stream().mapToLong(tier -> hits(document, tier)).sum();
  }

  private static long unionHits(int capacity) {
    UnionLru lru = new UnionLru(capacity);
    long hits = 0;
    for (int i = 0; i < CHAT.requestCount(); i++) {
      hits += lru.serve(CHAT.hashes(i));
    }
    return hits;
  }

  @Test
  void the_document_has_the_promised_keys_in_their_order() throws IOException {
    Map<String, Object> document = document(traceOf(range(1, 5), range(1, 9)), 4, 4, 4);

    assertThat(document.keySet())
        .containsSubsequence(
            "requests",
            "blocks",
            "hits",
            "misses",
            "wrongBlocks",
            "bytesMoved",
            "evictions",
            "seconds",
            "blocksPerSecond");
    assertThat(document).containsEntry("requests", 2).containsEntry("blocks", 12);
    assertThat(member(document, "hits").keySet()).containsExactly("device", "host", "disk");
    assertThat(member(document, "bytesMoved").keySet())
        .containsExactlyInAnyOrder("device->host", "host->device", "host->disk", "disk->device");
    assertThat(member(document, "evictions").keySet()).containsExactly("device", "host", "disk");
    assertThat((Double) document.get("seconds")).isPositive();
    assertThat((Double) document.get("blocksPerSecond")).isPositive();
    assertThat(member(member(document, "tiers"), "device"))
        .containsEntry("blocks", 4)
        .containsEntry("backend", "system");
  }

  @ParameterizedTest
  @CsvSource({"device", "host", "disk"})
  void a_single_tier_of_any_kind_is_one_lru(String tier) throws IOException {
    int[] capacities = TIERS.stream().mapToInt(name -> name.equals(tier) ? CHAT_TOP : 0).toArray();

    Map<String, Object> document = document(chat(), capacities[0], capacities[1], capacities[2]);

    assertThat(hits(document, tier)).isEqualTo(unionHits(CHAT_TOP)).isPositive();
    assertThat(totalHits(document)).isEqualTo(hits(document, tier));
    assertThat(member(document, "bytesMoved")).isEmpty();
  }

  @Test
  void each_tier_serves_what_a_model_without_bytes_says() throws IOException {
    ExclusiveTiers model = new ExclusiveTiers(CHAT_TOP, 400, 900);
    for (int i = 0; i < CHAT.requestCount(); i++) {
      model.serve(CHAT.hashes(i));
    }

    Map<String, Object> document = document(chat(), CHAT_TOP, 400, 900);

    assertThat(hits(document, "device")).isEqualTo(model.hits(0));
    // Blocks come up side by side, so which of two leaves its tier first is left to chance.
    assertThat((double) hits(document, "host")).isCloseTo(model.hits(1), withinPercentage(2));
    assertThat((double) hits(document, "disk")).isCloseTo(model.hits(2), withinPercentage(15));
    assertThat((double) totalHits(document) / unionHits(CHAT_TOP + 400 + 900))
        .isCloseTo(1, within(0.02));
  }

  @Test
  void what_a_lower_tier_served_was_moved_up_block_by_block() throws IOException {
    Map<String, Object> document = document(chat(), CHAT_TOP, 400, 900);

    Map<String, Object> moved = member(document, "bytesMoved");
    assertThat(number(moved, "host->device")).isEqualTo(hits(document, "host") * BLOCK);
    assertThat(number(moved, "disk->device")).isEqualTo(hits(document, "disk") * BLOCK);
    assertThat(number(moved, "device->host"))
        .isEqualTo(number(member(document, "evictions"), "device") * BLOCK);
    assertThat(number(moved, "host->disk"))
        .isEqualTo(number(member(document, "evictions"), "host") * BLOCK);
    assertThat(member(document, "dropped").values()).containsOnly(0);
  }

  @ParameterizedTest
  @CsvSource({"300, 400, 0", "300, 0, 400", "0, 300, 400"})
  void two_tiers_add_up_whichever_is_absent(int device, int host, int disk) throws IOException {
    Map<String, Object> document = document(chat(), device, host, disk);

    assertThat((double) totalHits(document) / unionHits(700)).isCloseTo(1, within(0.02));
    List<Integer> capacities = List.of(device, host, disk);
    for (int i = 0; i < TIERS.size(); i++) {
      assertThat(hits(document, TIERS.get(i)) > 0)
          .as(TIERS.get(i))
          .isEqualTo(capacities.get(i) > 0);
    }
    assertThat(member(document, "bytesMoved")).hasSize(2);
  }

  @Test
  void the_device_tier_may_be_on_disk_where_the_cpu_does_not_reach_it() throws IOException {
    Invocation ran = replay(chat(), CHAT_TOP, 400, 0, "--device-backend", "disk", "--json");

    assertThat(ran.exitCode()).isZero();
    Map<String, Object> document = JsonText.object(ran.out());
    assertThat(document).containsEntry("wrongBlocks", 0);
    assertThat(hits(document, "host")).isPositive();
  }

  @Test
  void a_request_larger_than_the_device_tier_streams_through_it() throws IOException {
    Map<String, Object> document = document(traceOf(range(0, 50), range(0, 50)), 8, 16, 64);

    assertThat(number(document, "misses")).isEqualTo(50);
    assertThat(totalHits(document)).isEqualTo(50);
  }

  @Test
  void a_request_larger_than_all_tiers_is_served_too() throws IOException {
    Map<String, Object> document = document(traceOf(range(0, 50), range(0, 50)), 4, 4, 4);

    assertThat(number(document, "blocks")).isEqualTo(100);
  }

  @Test
  void a_hash_may_repeat_within_a_request() throws IOException {
    long[] repeating = {1, 1, 2, 3, 2, 1, 3, 3};
    long[] others = range(10, 18);

    Map<String, Object> document = document(traceOf(repeating, others, repeating, others), 8, 8, 8);

    assertThat(totalHits(document)).isEqualTo(16);
    assertThat(number(document, "misses")).isEqualTo(16);
  }

  @Test
  void blocks_that_follow_each_other_in_a_circle_can_be_evicted() throws IOException {
    long[][] requests = new long[60][];
    for (int i = 0; i < requests.length; i++) {
      long a = i % 3;
      requests[i] = new long[] {a, (a + 1) % 3, 100 + i, (a + 2) % 3};
    }

    Map<String, Object> document = document(traceOf(requests), 4, 4, 4);

    assertThat(number(document, "blocks")).isEqualTo(240);
    assertThat(totalHits(document)).isPositive();
  }

  @Test
  void a_block_may_follow_different_blocks() throws IOException {
    Map<String, Object> document =
        document(traceOf(new long[] {1, 2, 9}, new long[] {9, 4, 5}, new long[] {9}), 3, 0, 0);

    assertThat(totalHits(document)).isEqualTo(2);
  }

  @Test
  void requests_without_blocks_count_as_requests() throws IOException {
    Map<String, Object> document =
        document(traceOf(range(0, 0), range(0, 3), range(0, 0)), 4, 0, 0);

    assertThat(document).containsEntry("requests", 3).containsEntry("blocks", 3);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "adaptive",
        "arc",
        "fifo",
        "lineage",
        "lru",
        "multi-lru",
        "priority",
        "s3fifo",
        "tinylfu"
      })
  void every_policy_keeps_the_bytes_right(String policy) throws IOException {
    Invocation ran = replay(chat(), CHAT_TOP, 400, 900, "--policy", policy, "--json");

    assertThat(ran.exitCode()).isZero();
    assertThat(JsonText.object(ran.out())).containsEntry("wrongBlocks", 0);
  }

  @ParameterizedTest
  @CsvSource({"through,through", "back,through", "through,back", "selective,none", "none,back"})
  void every_write_policy_keeps_the_bytes_right(String upper, String lower) throws IOException {
    String edges = "device-host=" + upper + ",host-disk=" + lower;
    Map<String, Object> document =
        JsonText.object(replay(chat(), CHAT_TOP, 600, 1200, "--edge", edges, "--json").out());

    assertThat(document).containsEntry("wrongBlocks", 0).containsEntry("lost", 0);
    Map<String, Object> moved = member(document, "bytesMoved");
    assertThat(number(moved, "device->host") > 0).isEqualTo(!upper.equals("none"));
    if (lower.equals("through")) {
      assertThat(number(moved, "host->disk")).isPositive();
    }
    if (upper.equals("through")) {
      assertThat(hits(document, "host")).isPositive();
    }
  }

  @Test
  void what_is_on_its_way_down_at_the_end_belongs_to_the_figures() throws IOException {
    String[] slowly = {
      "--edge", "device-host=through,host-disk=through", "--disk-speed", "400KB", "--json"
    };
    Invocation ran = replay(traceOf(range(0, 60)), 100, 100, 100, slowly);

    Map<String, Object> moved = member(JsonText.object(ran.out()), "bytesMoved");
    assertThat(number(moved, "device->host")).isEqualTo(60 * 4096);
    assertThat(number(moved, "host->disk")).isEqualTo(60 * 4096);
  }

  @Test
  void with_no_time_at_all_only_the_top_tier_serves() throws IOException {
    Map<String, Object> document =
        JsonText.object(replay(chat(), CHAT_TOP, 400, 900, "--deadline", "1us", "--json").out());

    assertThat(document).containsEntry("wrongBlocks", 0).containsEntry("lost", 0);
    assertThat(number(document, "late")).isPositive();
    assertThat(totalHits(document) + number(document, "misses")).isEqualTo(CHAT.blockCount());
  }

  @Test
  void a_gate_that_is_told_of_instant_computing_moves_nothing() throws IOException {
    Map<String, Object> document =
        JsonText.object(
            replay(
                    chat(),
                    CHAT_TOP,
                    400,
                    900,
                    "--cost-gate",
                    "enforce",
                    "--tokens-per-second",
                    "1e15",
                    "--json")
                .out());

    // The first demotion shows how long one takes, and then one block from time to time.
    assertThat(number(member(document, "dropped"), "device")).isPositive();
    assertThat(hits(document, "host") + hits(document, "disk")).isLessThan(100);
  }

  @Test
  void requests_wait_for_their_time_where_a_speed_is_given() throws IOException {
    Path timed =
        Files.writeString(
            folder.resolve("timed.jsonl"),
            """
            {"timestamp":5000,"hash_ids":[1]}
            {"timestamp":6000,"hash_ids":[1]}
            """);

    Map<String, Object> document =
        JsonText.object(replay(timed.toString(), 4, 0, 0, "--speed", "10", "--json").out());

    assertThat((Double) document.get("seconds")).isGreaterThanOrEqualTo(0.1);
  }

  @ParameterizedTest
  @CsvSource({"300, 400, 900", "0, 0, 300"})
  void every_block_changed_behind_the_checks_is_found(int device, int host, int disk)
      throws IOException {
    Invocation ran = replay(chat(), device, host, disk, "--sabotage", "25", "--json");

    assertThat(ran.exitCode()).isEqualTo(1);
    assertThat(ran.err()).isEmpty();
    assertThat(JsonText.object(ran.out()))
        .containsEntry("wrongBlocks", 25)
        .containsEntry("sabotaged", 25);
  }

  @Test
  void too_few_blocks_to_sabotage_are_told() throws IOException {
    Invocation ran =
        replay(traceOf(range(0, 3), range(0, 3)), 4, 0, 0, "--sabotage", "9", "--json");

    assertThat(ran.exitCode()).isEqualTo(1);
    assertThat(ran.err())
        .isEqualToIgnoringNewLines(
            "only 3 of 9 blocks were sabotaged: too few blocks were found again");
    assertThat(JsonText.object(ran.out())).containsEntry("wrongBlocks", 3);
  }

  @Test
  void people_get_tables_and_a_verdict() throws IOException {
    Invocation ran = replay(chat(), CHAT_TOP, 400, 900);

    assertThat(ran.exitCode()).isZero();
    assertThat(ran.err()).isEmpty();
    assertThat(ran.out())
        .contains("400 requests asked for " + CHAT.blockCount() + " blocks of 4.0 KiB")
        .containsSubsequence("tier", "blocks", "backend", "served", "evicted")
        .containsSubsequence("device", "host", "disk", "filled anew")
        .containsSubsequence("device->host", "disk->device", "plain memory copy", "plain file")
        .contains("No GPU is used: the device tier is system memory.")
        .contains("none was wrong");
  }

  @Test
  void people_are_told_of_damage() throws IOException {
    assertThat(replay(chat(), CHAT_TOP, 0, 0, "--sabotage", "2").out())
        .contains("2 of ", "WRONG (2 were sabotaged)");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "--device -5               | --device -5 is negative",
        "--host -1                 | --host -1 is negative",
        "--disk -2147483648        | --disk -2147483648 is negative",
        "--sabotage -1             | --sabotage -1 is negative",
        "--device many             | 'many' is not a whole number",
        "--host 3000000000         | '3000000000' is too large, at most 2147483647",
        "--device 0 --host 0 --disk 0 | all tiers are 0",
        "--policy belady           | unknown policy 'belady'; known: adaptive, arc, fifo,"
            + " lineage, lru, multi-lru",
        "--deadline soon           | 'soon' is no time such as 50ms or 2s",
        "--deadline 50             | '50' is no time such as 50ms or 2s",
        "--speed -1                | --speed -1.0 is no speed",
        "--cost-gate on            | 'on' is none of off, advise, enforce",
        "--edge device-host        | --edge 'device-host' is not of the form device-host=through",
        "--edge host-device=back   | there is no edge 'host-device'; edges are [device-host,",
        "--edge device-host=often  | there is no write policy 'often'; use one of [through,",
        "--cost-gate enforce --tokens-per-second 0 | recomputing cannot take 0.0 tokens a second",
        "--block-bytes 0           | a block of 0 bytes is not a multiple of 4096",
        "--block-bytes 1000        | a block of 1000 bytes is not a multiple of 4096",
        "--block-bytes 8GiB        | a block of 8589934592 bytes is not a multiple of 4096",
        "--block-bytes -4096       | '-4096' is no byte count",
        "--block-bytes 64KX        | '64KX' is no byte count",
        "--format csv              | 'csv' is none of [auto, mooncake, weka]",
      })
  void a_wrong_option_is_a_usage_error(String options, String complaint) {
    List<String> args = new ArrayList<>(List.of("replay", "--json"));
    args.addAll(List.of("--disk-dir", diskFolder.toString()));
    args.addAll(List.of(options.split(" ")));

    Invocation ran = Invocation.of(args.toArray(String[]::new));

    assertThat(ran.exitCode()).isEqualTo(2);
    assertThat(ran.out()).isEmpty();
    assertThat(ran.err().lines()).hasSize(2);
    assertThat(ran.err()).startsWith("kvbm: ").contains(complaint, "see 'kvbm replay --help'");
  }

  @ParameterizedTest
  @ValueSource(strings = {"--device-backend", "--host-backend", "--disk-backend"})
  void an_unknown_backend_is_answered_with_the_installed_ones(String option) throws IOException {
    Invocation ran = replay(traceOf(range(0, 3)), 4, 4, 4, option, "systen", "--json");

    assertThat(ran.exitCode()).isEqualTo(1);
    assertThat(ran.out()).isEmpty();
    assertThat(ran.err().lines())
        .singleElement()
        .asString()
        .startsWith("kvbm: ")
        .contains("'systen'", "installed: ", "disk", "system");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "replay", "simulate", "backends"})
  void help_fits_a_terminal_and_is_a_result(String command) {
    Invocation ran = command.isEmpty() ? Invocation.of("--help") : Invocation.of(command, "--help");

    assertThat(ran.exitCode()).isZero();
    assertThat(ran.err()).isEmpty();
    assertThat(ran.out()).startsWith("Usage: kvbm").contains("--json", "--verbose", "--help");
    assertThat(ran.out().lines()).allMatch(line -> line.length() <= 80);
  }

  @Test
  void the_help_of_replay_names_every_option() {
    assertThat(Invocation.of("replay", "--help").out())
        .contains("--trace", "--format", "--device=", "--host=", "--disk=", "--block-bytes")
        .contains("--policy", "--disk-dir", "--device-backend", "--host-backend")
        .contains("--disk-backend", "--sabotage", "--seed", "0 = no such tier");
  }

  @Test
  void tiers_configured_by_bytes_have_as_many_blocks_as_fit() throws IOException {
    Path trace = folder.resolve("three.jsonl");
    Files.writeString(trace, "{\"timestamp\": 0, \"hash_ids\": [1, 2, 3]}\n");
    Path config = folder.resolve("kvbm.yaml");
    Files.writeString(
        config, "tiers: {device: {byteSize: 64KiB, backend: system}, host: {byteSize: 9KiB}}\n");
    List<String> command =
        List.of("replay", "--trace", "" + trace, "--block-bytes", "4KiB", "--config", "" + config);
    Invocation ran =
        Invocation.of(Stream.concat(command.stream(), Stream.of("--json")).toArray(String[]::new));
    assertThat(ran.err()).isEmpty();
    Map<String, Object> tiers = member(JsonText.object(ran.out()), "tiers");
    assertThat(member(tiers, "device")).containsEntry("blocks", 16);
    assertThat(member(tiers, "host")).containsEntry("blocks", 2);
    Files.writeString(
        config, "tiers: {device: {byteSize: 64KiB, backend: system}, host: {byteSize: 9}}\n");
    Invocation small = Invocation.of(command.toArray(String[]::new));
    assertThat(small.exitCode()).isNotZero();
    assertThat(small.err())
        .contains("tiers.host.byteSize", "a block takes 4096 bytes")
        .hasLineCount(1);
  }
}
