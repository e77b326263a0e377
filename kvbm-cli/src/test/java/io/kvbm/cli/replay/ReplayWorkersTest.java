package io.kvbm.cli.replay;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.cli.Invocation;
import io.kvbm.cli.JsonText;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A leader and the processes that have the shards of its blocks. */
@Timeout(120)
class ReplayWorkersTest {

  private static final int BLOCKS = 8;
  private static final int SEQUENCES = 8;

  @TempDir private Path folder;

  /** Sequences in turns: more than device and host hold, so that they go down and come up again. */
  private Path trace(int requests) throws IOException {
    return SequenceTrace.write(
        folder.resolve("trace.jsonl"), requests, BLOCKS, i -> 100L * (i % SEQUENCES));
  }

  private static Invocation replay(Path trace, String... more) {
    return Invocation.of(options(trace, more));
  }

  private static String[] options(Path trace, String... more) {
    List<String> args =
        new ArrayList<>(
            List.of(
                "replay",
                "--trace",
                trace.toString(),
                "--workers",
                "2",
                "--device",
                "16",
                "--host",
                "32",
                "--disk",
                "128",
                "--block-bytes",
                "4KiB",
                "--deadline",
                "0"));
    args.addAll(List.of(more));
    return args.toArray(String[]::new);
  }

  private static long number(Map<?, ?> object, String name) {
    return ((Number) object.get(name)).longValue();
  }

  private static Map<?, ?> member(Map<?, ?> object, String name) {
    return (Map<?, ?>) object.get(name);
  }

  @Test
  void blocksGoDownAndComeUpOnEveryWorkerAsTheyWere() throws IOException {
    int requests = 80;
    Invocation ran = replay(trace(requests), "--json");
    assertThat(ran.exitCode()).as(ran.err()).isZero();
    Map<String, Object> report = JsonText.object(ran.out());
    assertThat(number(report, "wrongBlocks")).isZero();
    assertThat(number(report, "failedBlocks")).isZero();
    assertThat(number(report, "served")).isEqualTo(requests);
    long blocks = (long) requests * BLOCKS;
    Map<?, ?> hits = member(report, "hits");
    long found = number(hits, "device") + number(hits, "host") + number(hits, "disk");
    assertThat(found + number(report, "misses"))
        .isEqualTo(number(report, "blocks"))
        .isEqualTo(blocks);
    assertThat(found).as("all but the first time").isEqualTo(blocks - SEQUENCES * BLOCKS);
    assertThat(number(hits, "disk")).isPositive();
    Map<?, ?> moved = member(report, "moved");
    for (String route : List.of("device->host", "host->disk", "disk->device")) {
      Map<?, ?> one = member(moved, route);
      assertThat(number(one, "blocks")).as(route).isPositive();
      assertThat(number(one, "bytes")).as(route).isEqualTo(2 * 4096 * number(one, "blocks"));
    }
    Map<?, ?> workers = member(report, "perWorker");
    assertThat(workers.keySet()).hasToString("[worker-0, worker-1]");
    workers
        .values()
        .forEach(
            worker -> {
              assertThat(number((Map<?, ?>) worker, "compared")).isEqualTo(found);
              assertThat(number((Map<?, ?>) worker, "wrong")).isZero();
              assertThat(number((Map<?, ?>) worker, "filled")).isEqualTo(number(report, "misses"));
            });
  }

  @Test
  void aKilledWorkerEndsTheReplayAndSaysSo() throws Exception {
    Path trace = trace(1_000_000);
    Set<ProcessHandle> others = ProcessHandle.current().children().collect(Collectors.toSet());
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    FutureTask<Invocation> run =
        new FutureTask<>(() -> Invocation.watched(err, options(trace, "--json", "--verbose")));
    Thread.ofPlatform().start(run);
    while (!err.toString(StandardCharsets.UTF_8).contains("leading worker-0, worker-1")) {
      assertThat(run.isDone()).as(err::toString).isFalse();
      TimeUnit.MILLISECONDS.sleep(50);
    }
    TimeUnit.SECONDS.sleep(1); // in the midst of it
    List<ProcessHandle> workers =
        ProcessHandle.current()
            .children()
            .filter(child -> !others.contains(child))
            .sorted(Comparator.comparing(ProcessHandle::pid))
            .toList();
    assertThat(workers).hasSize(2);
    workers.getLast().destroyForcibly();

    Invocation ran = run.get(60, TimeUnit.SECONDS);

    assertThat(ran.exitCode()).isOne();
    assertThat(ran.err())
        .containsPattern("kvbm: worker worker-1 [^w].*; its shards are lost")
        .containsPattern("the replay ended after [0-9]+ of 1000000 requests");
    Map<String, Object> report = JsonText.object(ran.out());
    assertThat(member(report, "lostWorkers").keySet()).hasToString("[worker-1]");
    assertThat(number(report, "wrongBlocks")).isZero();
    assertThat(number(report, "served")).isLessThan(1_000_000);
    assertThat(member(report, "perWorker").keySet()).hasToString("[worker-0]");
    assertThat(workers.getFirst().onExit().get(20, TimeUnit.SECONDS).isAlive())
        .as("no worker outlives its leader")
        .isFalse();
  }

  @Test
  void aWorkerThatCannotStartIsSaidInOneLine() throws IOException {
    Invocation ran = replay(trace(4), "--directory", "nowhere");
    assertThat(ran.exitCode()).isOne();
    assertThat(ran.err()).startsWith("kvbm: worker-0 has ended: ").contains("nowhere");
    assertThat(ran.err().lines()).hasSize(1);
  }

  @Test
  void whatDoesNotGoWithWorkersIsRefused() throws IOException {
    for (String[] more :
        List.of(
            new String[] {"--peers", "2"},
            new String[] {"--sabotage", "1"},
            new String[] {"--faults", "0.1"},
            new String[] {"--disk-dir", folder.toString()},
            new String[] {"--speed", "2"})) {
      Invocation ran = replay(trace(1), more);
      assertThat(ran.exitCode()).isEqualTo(2);
      assertThat(ran.err()).contains(more[0] + " does not go with workers");
    }
    Invocation none = Invocation.of("replay", "--workers", "0");
    assertThat(none.exitCode()).isEqualTo(2);
    assertThat(none.err()).contains("--workers 0 is not from 1 to 64");
    Invocation pigeons = Invocation.of("replay", "--workers", "2", "--transport", "pigeon");
    assertThat(pigeons.exitCode()).isEqualTo(2);
    assertThat(pigeons.err()).contains("--transport 'pigeon' is none of [tcp, ucx]");
  }
}
