package io.kvbm.bench.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.BackendException;
import io.kvbm.api.store.Durability;
import io.kvbm.bench.report.BenchCase;
import io.kvbm.bench.report.PeerFigures;
import io.kvbm.bench.store.RunRequest.Operation;
import io.kvbm.cli.console.Console;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoreContestTest {

  private static final int SIZE = 64 << 10;
  private static final long SHORT_NANOS = 100_000_000L;

  @TempDir Path directory;

  private static Console console() {
    return new Console(
        new ByteArrayOutputStream(), new ByteArrayOutputStream(), StandardCharsets.UTF_8, false);
  }

  private ContestOptions options(List<StoreCase> cases, List<Contestant> contestants) {
    return new ContestOptions(
        directory, cases, contestants, 1, SHORT_NANOS, 2, 2, 1 << 20, 1 << 20, Map.of());
  }

  @Test
  void everyContestantIsMeasuredInEveryCaseAndNothingIsLeft() throws Exception {
    List<StoreCase> cases =
        List.of(
            new StoreCase(Operation.PUT, SIZE, Durability.SYNCED),
            new StoreCase(Operation.GET_COLD, SIZE, Durability.WRITTEN));
    List<BenchCase> measured =
        StoreContest.run(options(cases, List.of(Contestant.KVBM, Contestant.LMDB)), console());
    assertThat(measured)
        .extracting(BenchCase::name)
        .containsExactly("put-64k-synced", "get-64k-cold");
    for (BenchCase each : measured) {
      assertThat(each.peers()).extracting(PeerFigures::name).containsExactly("lmdb");
      assertThat(each.peer().get("mbPerSecond")).isPositive();
      assertThat(each.ratio()).isPositive();
      assertThat(each.ours()).containsKeys("opsPerSecond", "mbPerSecond", "cpuSecondsPerGiB");
    }
    try (Stream<Path> left = Files.list(directory)) {
      assertThat(left).isEmpty();
    }
  }

  @Test
  void theRatioIsToTheBestPeerRoundByRound() {
    BenchCase measured =
        StoreContest.summarize(
            new StoreCase(Operation.PUT, SIZE, Durability.SYNCED),
            List.of(Contestant.KVBM, Contestant.ROCKSDB, Contestant.LMDB),
            Map.of(
                Contestant.KVBM, List.of(megabytes(40), megabytes(90), megabytes(60)),
                Contestant.ROCKSDB, List.of(megabytes(20), megabytes(30), megabytes(20)),
                Contestant.LMDB, List.of(megabytes(1), megabytes(99), megabytes(2))));
    assertThat(measured.peerName()).isEqualTo("rocksdb");
    assertThat(measured.ratios()).containsExactly(2, 3, 3);
    assertThat(measured.peers()).extracting(PeerFigures::name).containsExactly("rocksdb", "lmdb");
    assertThat(measured.peers().getLast().figures()).containsEntry("mbPerSecond", 2.0);
    assertThat(measured.ours())
        .containsEntry("mbPerSecond", 60.0)
        .containsEntry("deviceFlushesPerOp", 0.5);
  }

  private static RunResult megabytes(int perSecond) {
    return new RunResult(10, perSecond * 1_000_000L, 1_000_000_000, 1, 5);
  }

  @Test
  void whoHasNoSuchDurabilityTakesNoPart() throws Exception {
    List<BenchCase> measured =
        StoreContest.run(
            options(
                List.of(new StoreCase(Operation.PUT, SIZE, Durability.NONE)),
                List.of(Contestant.ROCKSDB, Contestant.BLOBDB, Contestant.LMDB)),
            console());
    assertThat(measured.getFirst().peers())
        .extracting(PeerFigures::name)
        .containsExactly("rocksdb-blob");
  }

  @Test
  void aMeasurementThatFailsSaysWhoAndWhy() throws IOException {
    Path file = Files.writeString(directory.resolve("no-directory"), "");
    RunRequest request =
        new RunRequest(
            Contestant.ROCKSDB,
            Operation.PUT,
            file,
            SIZE,
            new StoreSetup(Durability.SYNCED, 1 << 20, Map.of()),
            1,
            10,
            SHORT_NANOS);
    assertThatThrownBy(() -> ChildJvm.run(request, List.of(), directory))
        .isInstanceOf(BackendException.class)
        .hasMessageContaining("PUT of rocksdb")
        .hasMessageContaining("FileAlreadyExists");
    try (Stream<Path> left = Files.list(directory)) {
      assertThat(left).containsExactly(file);
    }
  }

  @Test
  void requestsAndResultsSurviveTheCommandLine() {
    RunRequest request =
        new RunRequest(
            Contestant.KVBM,
            Operation.GET_HOT,
            Path.of("/a b/c"),
            4096,
            new StoreSetup(Durability.NONE, 7, Map.of("codec", "none", "x", "a=b")),
            3,
            5,
            9);
    assertThat(RunRequest.of(request.words())).isEqualTo(request);
    RunResult result = new RunResult(1, 2, 3, 4, -1);
    assertThat(RunResult.in(List.of("noise", result.line()))).isEqualTo(result);
    assertThatThrownBy(() -> RunResult.in(List.of("noise"))).isInstanceOf(BackendException.class);
  }

  @Test
  void valuesAreTheSameEverywhereDoNotCompressAndDifferInEveryBit() {
    Values values = new Values(SIZE);
    Values others = new Values(SIZE);
    ByteBuffer copy = ByteBuffer.allocateDirect(SIZE).put(0, values.of(5), 0, SIZE);
    assertThat(others.isValue(5, copy, SIZE)).isTrue();
    assertThat(others.isValue(6, copy, SIZE)).isFalse();
    assertThat(others.isValue(5, copy, SIZE - 1)).isFalse();
    assertThat(others.isValue(5, copy, -1)).isFalse();
    for (int at : new int[] {0, SIZE / 2, SIZE - 1}) {
      copy.put(at, (byte) (copy.get(at) ^ 1));
      assertThat(others.isValue(5, copy, SIZE)).as("byte %d", at).isFalse();
      copy.put(at, (byte) (copy.get(at) ^ 1));
    }
    java.util.zip.Deflater deflater = new java.util.zip.Deflater(1);
    deflater.setInput(values.of(9));
    deflater.finish();
    assertThat(deflater.deflate(new byte[2 * SIZE])).isGreaterThan(SIZE);
    deflater.end();
  }

  @Test
  void syncsAreCountedInTheTableOfStrace() {
    String table =
        """
        % time     seconds  usecs/call     calls    errors syscall
        ------ ----------- ----------- --------- --------- ----------------
         99.00    0.1            100        17           fdatasync
          1.00    0.0              1         3         1 fsync
          0.00    0.0              1        40           futex
        ------ ----------- ----------- --------- --------- ----------------
        100.00    0.1                       60         1 total
        """;
    assertThat(SyncCalls.count(table.lines().toList())).isEqualTo(20);
  }

  @Test
  void casesAreNamedAndComplete() {
    assertThat(StoreCase.all())
        .extracting(StoreCase::name)
        .contains("put-4k-synced", "put-4m-written", "put-64k-none", "get-1m-cold", "get-4m-hot")
        .hasSize(20)
        .doesNotHaveDuplicates();
  }
}
