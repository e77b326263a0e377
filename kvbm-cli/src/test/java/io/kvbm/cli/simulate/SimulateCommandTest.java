package io.kvbm.cli.simulate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.kvbm.cli.Invocation;
import io.kvbm.cli.JsonText;
import io.kvbm.cli.trace.SharedTraces;
import io.kvbm.core.policy.EvictionPolicies;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SimulateCommandTest {

  @TempDir private Path folder;
  private Path trace;

  @BeforeEach
  void writeTrace() throws IOException {
    trace =
        Files.writeString(
            folder.resolve("t.jsonl"),
            """
            {"timestamp":0,"hash_ids":[1,2,3]}
            {"timestamp":"5","hash_ids":[1,2,18446744073709551615]}
            {"timestamp":6,"hash_ids":[]}
            {"timestamp":7,"hash_ids":[1,1,2,3]}
            """);
  }

  private Invocation simulate(String capacity, String policy, String... more) {
    List<String> args =
        new ArrayList<>(
            List.of(
                "simulate",
                "--trace",
                trace.toString(),
                "--capacity",
                capacity,
                "--policy",
                policy));
    args.addAll(List.of(more));
    return Invocation.of(args.toArray(String[]::new));
  }

  @SuppressWarnings("unchecked")
  private static List<Map<String, Object>> results(Map<String, Object> document) {
    return (List<Map<String, Object>>) document.get("results");
  }

  @Test
  void the_document_has_the_promised_keys_in_their_order() {
    Invocation ran = simulate("2,100", "lru,min", "--json");

    assertThat(ran.exitCode()).isZero();
    assertThat(ran.err()).isEmpty();
    Map<String, Object> document = JsonText.object(ran.out());
    assertThat(document.keySet())
        .containsExactly("trace", "requests", "blocks", "unique", "results");
    assertThat(document)
        .containsEntry("trace", trace.toString())
        .containsEntry("requests", 4)
        .containsEntry("blocks", 10)
        .containsEntry("unique", 4);
    assertThat(results(document))
        .extracting(
            result ->
                result.get("policy") + " " + result.get("capacity") + " " + result.get("hits"))
        .containsExactly("lru 2 5", "lru 100 6", "min 2 5", "min 100 6");
    assertThat(results(document))
        .allSatisfy(
            result -> {
              assertThat(result.keySet())
                  .startsWith("policy", "capacity", "hits", "hitRatio", "refsPerSecond");
              assertThat(((Number) result.get("refsPerSecond")).doubleValue()).isPositive();
              assertThat(((Number) result.get("hitRatio")).doubleValue())
                  .isEqualTo(((Number) result.get("hits")).doubleValue() / 10);
            });
  }

  @Test
  void the_way_from_lru_to_min_is_shown_where_there_is_one() throws IOException {
    Files.writeString(
        trace,
        """
        {"timestamp":0,"hash_ids":[1]}
        {"timestamp":1,"hash_ids":[2]}
        {"timestamp":2,"hash_ids":[3]}
        {"timestamp":3,"hash_ids":[1]}
        {"timestamp":4,"hash_ids":[2]}
        """);
    Map<String, Object> document = JsonText.object(simulate("2,3", "lru,fifo,min", "--json").out());

    assertThat(results(document))
        .extracting(result -> result.get("hits") + " " + result.get("gapClosed"))
        .containsExactly("0 0.0", "2 null", "0 0.0", "2 null", "2 1.0", "2 null");
    assertThat(simulate("2", "lru,min").out().lines())
        .anyMatch(line -> line.startsWith("min") && line.endsWith("100.0 %"));
  }

  @Test
  void tiers_show_where_blocks_were_hit() {
    Invocation ran =
        Invocation.of(
            "simulate",
            "--trace",
            trace.toString(),
            "--tiers",
            "device=1,host=0,disk=50",
            "--policy",
            "lru,min",
            "--json");

    assertThat(ran.exitCode()).as(ran.err()).isZero();
    assertThat(results(JsonText.object(ran.out())))
        .extracting(
            result -> result.get("capacity") + " " + result.get("hits") + " " + result.get("tiers"))
        .containsExactly("51 6 {device=3, disk=3}", "51 6 null");
  }

  @Test
  void a_report_is_written_for_shares_of_the_distinct_blocks() throws IOException {
    Path page = folder.resolve("out.html");
    Invocation ran =
        Invocation.of(
            "simulate",
            "--trace",
            trace.toString(),
            "--policy",
            "all",
            "--report",
            page.toString());

    assertThat(ran.exitCode()).as(ran.err()).isZero();
    assertThat(Files.readString(page))
        .contains("<th>1</th><th>2</th>")
        .contains(EvictionPolicies.names())
        .contains(trace.getFileName().toString());
  }

  /** Nor is the trace read first, which may take minutes. */
  @ParameterizedTest
  @ValueSource(strings = {"no/such/folder.html", "", "t.jsonl/page.html"})
  void a_report_that_cannot_be_written_is_a_usage_error(String page) {
    Invocation ran =
        Invocation.of(
            "simulate",
            "--trace",
            folder.resolve("no-trace.jsonl").toString(),
            "--capacity",
            "2",
            "--policy",
            "lru",
            "--report",
            folder.resolve(page).toString());

    assertThat(ran.exitCode()).isEqualTo(2);
    assertThat(ran.err().lines()).filteredOn(line -> line.contains("--report")).hasSize(1);
    assertThat(ran.err()).doesNotContain("no-trace");
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void the_figures_are_printed_also_where_the_report_cannot_be_written_after_all() {
    Invocation ran = simulate("2", "lru", "--report", "/dev/full");

    assertThat(ran.exitCode()).isEqualTo(1);
    assertThat(ran.out()).contains("lru");
    assertThat(ran.err().lines()).hasSize(1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "--tiers device=5 --capacity 5 | exclude each other",
        "--tiers host=5,device=5       | twice or not in the order device, host, disk",
        "--tiers device=5,device=6     | twice or not in the order device, host, disk",
        "--tiers gpu=5                 | tiers are device, host, disk",
        "--tiers device=-5             | '-5' is no number of blocks",
        "--tiers device                | 'device' is not of the form TIER=BLOCKS",
        "--tiers device=0              | has no tier of more than 0 blocks",
        "--json                        | Missing required option: --capacity=N or --tiers=TIERS",
      })
  void wrong_sizes_are_usage_errors(String options, String complaint) {
    List<String> args =
        new ArrayList<>(List.of("simulate", "--trace", trace.toString(), "--policy", "lru"));
    args.addAll(List.of(options.split(" ")));
    Invocation ran = Invocation.of(args.toArray(String[]::new));

    assertThat(ran.exitCode()).isEqualTo(2);
    assertThat(ran.err()).startsWith("kvbm: ").contains(complaint);
  }

  @Test
  void people_get_a_table() {
    Invocation ran = simulate("100", "lru");

    assertThat(ran.exitCode()).isZero();
    assertThat(ran.out().lines())
        .contains("policy  capacity  hits  hit ratio  refs/s")
        .anyMatch(line -> line.startsWith("lru          100     6     0.6000"));
    assertThat(ran.out()).contains("4 requests, 10 blocks, 4 of them distinct");
  }

  @Test
  void requests_without_blocks_have_a_ratio_of_0() throws IOException {
    Files.writeString(trace, "{\"timestamp\":0,\"hash_ids\":[]}");

    Map<String, Object> document = JsonText.object(simulate("5", "lru,min", "--json").out());

    assertThat(results(document)).allMatch(result -> result.get("hitRatio").equals(0.0));
  }

  @Test
  void a_capacity_beyond_all_memory_costs_no_memory() {
    Map<String, Object> document =
        JsonText.object(simulate("9223372036854775807", "lru,min", "--json").out());

    assertThat(results(document))
        .allMatch(
            result ->
                result.get("capacity").equals(Long.MAX_VALUE) && result.get("hits").equals(6));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "-5   | lru  | --capacity -5 is no number of blocks above 0",
        "0    | lru  | --capacity 0 is no number of blocks above 0",
        "5,-1 | lru  | --capacity -1 is no number of blocks above 0",
        "many | lru  | 'many' is not a whole number",
        "9223372036854775808 | lru | is too large, at most 9223372036854775807",
        "5    | lruu | unknown policy 'lruu'; known: ",
      })
  void a_wrong_option_is_a_usage_error(String capacity, String policy, String complaint) {
    Invocation ran = simulate(capacity, policy, "--json");

    assertThat(ran.exitCode()).isEqualTo(2);
    assertThat(ran.out()).isEmpty();
    assertThat(ran.err()).startsWith("kvbm: ").contains(complaint).contains("simulate --help");
    assertThat(ran.err().lines()).hasSize(2);
  }

  @Test
  void the_help_names_all_policies() {
    String help = Invocation.of("simulate", "--help").out().replaceAll("\\s+", " ");

    assertThat(help).contains(String.join(", ", PolicyNames.all()) + "; min sees the future");
  }

  @Test
  void an_unknown_policy_is_answered_with_all_known_ones() {
    List<String> known = new ArrayList<>(EvictionPolicies.names());
    known.add("min");
    known.sort(null);

    assertThat(simulate("5", "belady").err()).contains("known: " + String.join(", ", known));
  }

  @Test
  void an_unknown_format_is_a_usage_error_that_lists_the_known_ones() {
    Invocation ran = simulate("5", "lru", "--format", "csv");

    assertThat(ran.exitCode()).isEqualTo(2);
    assertThat(ran.err()).contains("'csv' is none of [auto, mooncake, weka]");
  }

  @Test
  void missing_options_are_named() {
    Invocation ran = Invocation.of("simulate", "--trace", "x");

    assertThat(ran.exitCode()).isEqualTo(2);
    assertThat(ran.err()).contains("--policy");
  }

  @Test
  void a_missing_trace_fails_with_one_line() throws IOException {
    Files.delete(trace);

    assertFailure(simulate("5", "lru", "--json"), "t.jsonl does not exist");
  }

  @Test
  void a_line_cut_off_fails_with_one_line_that_names_it() throws IOException {
    Files.writeString(trace, Files.readString(trace) + "{\"timestamp\":9,\"hash_ids\":[1,2");

    assertFailure(simulate("5", "lru", "--json"), "t.jsonl line 5 is not complete, correct JSON");
  }

  @Test
  void an_empty_trace_fails_with_one_line() throws IOException {
    Files.writeString(trace, "");

    assertFailure(simulate("5", "lru", "--json"), "is empty");
  }

  @Test
  void a_folder_without_traces_fails_with_one_line() {
    assertFailure(
        Invocation.of(
            "simulate", "--trace", folder.toString(), "--capacity", "5", "--policy", "lru"),
        "holds no weka traces");
  }

  private static void assertFailure(Invocation ran, String complaint) {
    assertThat(ran.exitCode()).isEqualTo(1);
    assertThat(ran.out()).isEmpty();
    assertThat(ran.err().lines())
        .singleElement()
        .asString()
        .startsWith("kvbm: ")
        .contains(complaint)
        .doesNotContain("Exception");
  }

  @Test
  void several_weka_files_may_follow_one_option() throws IOException {
    String text = "{\"requests\":[{\"t\":0,\"hash_ids\":[1,2]}]}";
    Path a = Files.writeString(folder.resolve("a.json"), text);
    Path b = Files.writeString(folder.resolve("b.json"), text);

    Invocation ran =
        Invocation.of(
            "simulate",
            "--trace",
            a.toString(),
            b.toString(),
            "--capacity",
            "5",
            "--policy",
            "lru",
            "--json");

    assertThat(JsonText.object(ran.out())).containsEntry("requests", 2).containsEntry("unique", 4);
  }

  @Test
  void the_recorded_conversations_give_the_known_ratios() {
    trace = SharedTraces.find("mooncake/conversation_trace.jsonl");

    Map<String, Object> document =
        JsonText.object(simulate("1000,5000,10000,30000", "lru", "--json").out());
    Map<String, Object> bound = JsonText.object(simulate("10000", "min", "--json").out());

    assertThat(document).containsEntry("unique", 182_790);
    double[] known = {0.0445, 0.1118, 0.2116, 0.3257};
    for (int i = 0; i < known.length; i++) {
      assertThat((Double) results(document).get(i).get("hitRatio"))
          .isCloseTo(known[i], within(0.0005));
    }
    assertThat((Double) results(bound).getFirst().get("hitRatio")).isCloseTo(0.366, within(0.002));
  }
}
