package io.kvbm.cli.replay;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.cli.Invocation;
import io.kvbm.cli.JsonText;
import io.kvbm.cli.Main;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** With {@code --disk-dir} a replay finds the disk tier of the one before, however that ended. */
@Timeout(120)
class WarmReplayTest {

  private static final int BLOCK = 4096;
  private static final int PAGE = 4096;

  /** Room for every block of the workload, so that nothing is evicted before it is asked for. */
  private static final String DISK_BLOCKS = "30000";

  /** Slots written: about a third of those the workload fills. */
  private static final int ENOUGH_ON_DISK = 4000;

  @TempDir private Path folder;

  private List<String> command() {
    return List.of(
        "replay",
        "--deadline",
        "0",
        "--block-bytes",
        Integer.toString(BLOCK),
        "--disk",
        DISK_BLOCKS,
        "--disk-dir",
        folder.toString(),
        "--json");
  }

  private Map<String, Object> run(List<String> arguments) {
    Invocation ran = Invocation.of(arguments.toArray(String[]::new));
    assertThat(ran.exitCode()).as(ran.err()).isZero();
    Map<String, Object> document = JsonText.object(ran.out());
    assertThat(document).containsEntry("wrongBlocks", 0).containsEntry("lost", 0);
    return document;
  }

  private static long number(Map<String, Object> document, String name) {
    return ((Number) document.get(name)).longValue();
  }

  @Test
  void a_run_killed_half_way_leaves_a_warm_disk_tier() throws Exception {
    killWhenEnoughIsOnDisk();

    Map<String, Object> second = run(command());

    long recovered = number(second, "recovered");
    // A block that came back to the disk tier is in two slots and counts once.
    assertThat(recovered).isGreaterThan(ENOUGH_ON_DISK / 2);
    assertThat(number(second, "warmHits")).isGreaterThanOrEqualTo(recovered * 95 / 100);
    assertThat((Double) second.get("recoverySeconds")).isPositive();
  }

  private void killWhenEnoughIsOnDisk() throws Exception {
    List<String> line = new ArrayList<>();
    line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    line.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
    line.addAll(command());
    Process first =
        new ProcessBuilder(line)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    try {
      while (blocksOnDisk() < ENOUGH_ON_DISK) {
        assertThat(first.waitFor(20, TimeUnit.MILLISECONDS)).as("ended too early").isFalse();
      }
    } finally {
      first.destroyForcibly().waitFor(); // SIGKILL
    }
  }

  /** Counts slots whose header is not blank, from the last one down: they are filled in order. */
  private long blocksOnDisk() throws IOException {
    Optional<Path> file;
    Path blocks = folder.resolve("kvbm-blocks");
    if (!Files.exists(blocks)) {
      return 0;
    }
    try (Stream<Path> files = Files.list(blocks)) {
      file = files.filter(path -> path.toString().endsWith(".slab")).findFirst();
    }
    if (file.isEmpty()) {
      return 0;
    }
    try (FileChannel channel = FileChannel.open(file.get())) {
      ByteBuffer magic = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
      channel.read(magic, 2L * PAGE + (long) ENOUGH_ON_DISK * (PAGE + BLOCK));
      return magic.hasRemaining() || magic.getLong(0) == 0 ? 0 : ENOUGH_ON_DISK;
    }
  }

  @Test
  void a_run_that_ended_leaves_one_too_and_other_blocks_are_another_ones() throws IOException {
    Path trace = folder.resolve("trace.jsonl");
    Files.writeString(
        trace,
        """
        {"timestamp":0,"hash_ids":[1,2,3]}
        {"timestamp":0,"hash_ids":[4,5,6]}
        {"timestamp":0,"hash_ids":[7,8,9]}
        """);
    List<String> small =
        List.of(
            "replay",
            "--trace",
            trace.toString(),
            "--deadline",
            "0",
            "--device",
            "3",
            "--host",
            "0",
            "--disk",
            "9",
            "--block-bytes",
            "4KiB",
            "--disk-dir",
            folder.toString(),
            "--json");
    Map<String, Object> first = run(small);
    assertThat(first).containsEntry("recovered", 0).containsEntry("warmHits", 0);

    Map<String, Object> second = run(small);
    assertThat(second).containsEntry("recovered", 6).containsEntry("warmHits", 6);
    assertThat(second).containsEntry("misses", 3);

    List<String> larger = new ArrayList<>(small);
    larger.set(larger.indexOf("4KiB"), "8KiB");
    assertThat(run(larger)).containsEntry("recovered", 0).containsEntry("misses", 9);
  }
}
