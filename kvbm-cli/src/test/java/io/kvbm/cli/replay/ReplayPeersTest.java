package io.kvbm.cli.replay;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.cli.Invocation;
import io.kvbm.cli.JsonText;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Several processes of this program replay one trace together. */
@Timeout(120)
class ReplayPeersTest {

  private static final int REQUESTS = 40;
  private static final int LATER = 5;
  private static final int BLOCKS = 8;

  @TempDir private Path folder;

  /**
   * What a process is asked for with an even number, the other is asked for five requests later:
   * long after it was filled, for one request of each is under way.
   */
  private Path trace() throws IOException {
    return SequenceTrace.write(
        folder.resolve("trace.jsonl"),
        REQUESTS,
        BLOCKS,
        i -> 100L * (i % 2 == 0 || i < LATER ? i : i - LATER));
  }

  @Test
  void whatOneProcessHasAnotherIsServed() throws IOException {
    Invocation ran =
        Invocation.of(
            "replay",
            "--trace",
            trace().toString(),
            "--peers",
            "2",
            "--device",
            "256",
            "--host",
            "256",
            "--disk",
            "0",
            "--block-bytes",
            "4KiB",
            "--deadline",
            "0",
            "--json");
    assertThat(ran.exitCode()).as(ran.err()).isZero();
    Map<String, Object> report = JsonText.object(ran.out());
    Map<String, Long> hits = longs(report.get("hits"));
    assertThat(((Number) report.get("wrongBlocks")).longValue()).isZero();
    assertThat(hits.get("remote"))
        .as("what the other process was asked for before")
        .isGreaterThanOrEqualTo(10L * BLOCKS);
    long served = hits.values().stream().mapToLong(Long::longValue).sum();
    assertThat(served + ((Number) report.get("misses")).longValue())
        .isEqualTo(((Number) report.get("blocks")).longValue())
        .isEqualTo((long) BLOCKS * REQUESTS);
    List<?> peers = (List<?>) report.get("peers");
    assertThat(peers).hasSize(2);
    assertThat(((Number) ((Map<?, ?>) peers.getFirst()).get("requests")).intValue())
        .isEqualTo(REQUESTS / 2);
    assertThat(((Number) report.get("lent")).longValue())
        .isGreaterThanOrEqualTo(hits.get("remote"));
  }

  private static Map<String, Long> longs(Object object) {
    return ((Map<?, ?>) object)
        .entrySet().stream()
            .collect(
                Collectors.toMap(
                    entry -> (String) entry.getKey(),
                    entry -> ((Number) entry.getValue()).longValue()));
  }

  @Test
  void aProcessThatCannotStartIsSaidInOneLine() throws IOException {
    Invocation ran =
        Invocation.of(
            "replay", "--trace", trace().toString(), "--peers", "2", "--directory", "nowhere");
    assertThat(ran.exitCode()).isOne();
    assertThat(ran.err()).startsWith("kvbm: peer-0 has ended: ").contains("nowhere");
    assertThat(ran.err().lines()).hasSize(1);
  }

  @Test
  void whatIsForOneProcessIsRefused() {
    for (String[] more :
        List.of(
            new String[] {"--sabotage", "1"},
            new String[] {"--faults", "0.1"},
            new String[] {"--speed", "2"})) {
      Invocation ran = Invocation.of("replay", "--peers", "2", more[0], more[1]);
      assertThat(ran.exitCode()).isEqualTo(2);
      assertThat(ran.err()).contains(more[0] + " is for one process");
    }
    Invocation none = Invocation.of("replay", "--peers", "0");
    assertThat(none.exitCode()).isEqualTo(2);
    assertThat(none.err()).contains("--peers 0 is not from 1 to 64");
  }
}
