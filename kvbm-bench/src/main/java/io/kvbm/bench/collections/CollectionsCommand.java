package io.kvbm.bench.collections;

import io.kvbm.bench.report.BenchReport;
import io.kvbm.bench.rounds.Comparison;
import io.kvbm.bench.rounds.RoundOptions;
import io.kvbm.bench.rounds.Rounds;
import io.kvbm.bench.rounds.Subject;
import io.kvbm.cli.console.Console;
import io.kvbm.cli.spi.Subcommand;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code kvbm bench collections}: whether Agrona pays where kvbm uses it. */
@Command(
    name = "collections",
    description = "Measures each use of Agrona's collections and timer wheel beside the JDK's own.",
    sortOptions = false)
public final class CollectionsCommand implements Subcommand {

  @Mixin private RoundOptions options;

  /** For picocli. */
  public CollectionsCommand() {}

  @Override
  public int run(Console console) {
    BenchReport.of(new Rounds(comparisons(), options.settings()).run(console)).print(console);
    return OK;
  }

  static List<Comparison> comparisons() {
    return List.of(
        window("pool: 64 blocks wait for parents, Long2ObjectHashMap", "random", 64),
        window("pool: 4096 blocks wait for parents, Long2ObjectHashMap", "random", 4096),
        window("deadlines: 64 tasks by timer, Long2ObjectHashMap", "timer", 64),
        window("deadlines: 4096 tasks by timer, Long2ObjectHashMap", "timer", 4096),
        timer(
            "deadlines: set and cancel, DeadlineTimerWheel",
            "cancelWheel",
            "TreeSet",
            "cancelTree"),
        timer(
            "deadlines: set and expire, DeadlineTimerWheel",
            "expireWheel",
            "PriorityQueue",
            "expireQueue"),
        timer(
            "deadlines: set and cancel, whole class",
            "meetDeadlines",
            "ScheduledThreadPoolExecutor",
            "meetExecutor"),
        numbering("simulate: number a trace's blocks, Long2LongHashMap", "hashes"),
        numbering("traces: number a conversation's ids, Long2LongHashMap", "ids"),
        list("traces: gather a request, LongArrayList", "gather"),
        list("workload: grow a chat and read it, LongArrayList", "grow"));
  }

  private static Comparison window(String name, String keys, int size) {
    Map<String, String> parameters = Map.of("keys", keys, "size", Integer.toString(size));
    return new Comparison(
        name,
        new Subject(MapBenchmark.class, "windowAgrona", 1, parameters),
        "HashMap<Long, …>",
        new Subject(MapBenchmark.class, "windowJdk", 1, parameters));
  }

  private static Comparison numbering(String name, String names) {
    Map<String, String> parameters = Map.of("names", names);
    return new Comparison(
        name,
        new Subject(MapBenchmark.class, "numberAgrona", 1, parameters),
        "HashMap<Long, Long>",
        new Subject(MapBenchmark.class, "numberJdk", 1, parameters));
  }

  private static Comparison timer(String name, String ours, String peerName, String peer) {
    return new Comparison(
        name,
        Subject.of(TimerBenchmark.class, ours),
        peerName,
        Subject.of(TimerBenchmark.class, peer));
  }

  private static Comparison list(String name, String method) {
    return new Comparison(
        name,
        Subject.of(ListBenchmark.class, method + "Agrona"),
        "ArrayList<Long>",
        Subject.of(ListBenchmark.class, method + "Jdk"));
  }
}
