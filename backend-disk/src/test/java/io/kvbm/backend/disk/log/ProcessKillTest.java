package io.kvbm.backend.disk.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.spi.Backend;
import io.kvbm.api.storage.Region;
import io.kvbm.api.store.BlockRead;
import io.kvbm.api.store.BlockStore;
import io.kvbm.api.store.Log;
import io.kvbm.api.store.ObjectStore;
import io.kvbm.api.store.OpenMode;
import io.kvbm.api.store.StoredBlock;
import io.kvbm.api.transfer.BlockOutcome;
import io.kvbm.backend.disk.DiskBackendProvider;
import io.kvbm.testkit.BytePatterns;
import io.kvbm.testkit.RecordingCompletion;
import io.kvbm.testkit.RequiredTools;
import io.kvbm.testkit.TestContext;
import io.kvbm.testkit.disk.CrashRuns;
import java.io.BufferedReader;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A real process is killed with writes in flight, again and again on the same directory: what it
 * said was written is there, nothing is wrong. {@code kvbm.seed.from} and {@code kvbm.seed.count}
 * name the kills.
 */
class ProcessKillTest {

  private static final String CALLS =
      "pwrite64,fdatasync,fsync,fallocate,rename,unlink,io_uring_enter";

  @TempDir private Path directory;

  /** Numbers that were acknowledged and not yet looked for. */
  private final TreeSet<Long> records = new TreeSet<>();

  /** The newest generation of each slot that was acknowledged. */
  private final Map<Integer, Long> blocks = new HashMap<>();

  /** The newest version of each object that was acknowledged. */
  private final Map<Integer, Long> objects = new HashMap<>();

  private long acknowledged;
  private int killsSinceLooked;
  private int typedErrors;

  @Test
  void nothingAcknowledgedIsLostWhenTheProcessIsKilled() throws Exception {
    long from = Long.getLong(CrashRuns.SEED_FROM, 0);
    runKills(from, from + 5);
  }

  @Test
  @Tag("slow")
  void nothingAcknowledgedIsLostInAThousandKills() throws Exception {
    long from = Long.getLong(CrashRuns.SEED_FROM, 0);
    runKills(from, from + Long.getLong(CrashRuns.SEED_COUNT, 1000));
  }

  private void runKills(long from, long to) throws Exception {
    for (long seed = from; seed < to; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      run(List.of(), seed, 1 + random.nextInt(400));
      // Sometimes the next process finds what the killed one left, not what we closed in order.
      if (random.nextBoolean() || seed == to - 1) {
        look("seed " + seed);
      }
    }
    assertThat(acknowledged).as("records acknowledged").isGreaterThan(to - from);
    System.out.printf(
        "killed a process %d times: %d records acknowledged, 0 lost, 0 wrong%n",
        to - from, acknowledged);
  }

  @Test
  void nothingAcknowledgedIsLostWhereASystemCallKillsOrFails() throws Exception {
    requireStrace();
    boolean slow = Boolean.getBoolean("kvbm.slow");
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < (slow ? 300 : 4); i++) {
      int call = 1 + random.nextInt(60);
      String what =
          List.of("signal=SIGKILL", "error=EIO", "signal=SIGKILL", "error=ENOSPC").get(i % 4);
      List<String> traced =
          List.of(
              "strace",
              "-f",
              "-qq",
              "-o",
              "/dev/null",
              "-e",
              "trace=" + CALLS,
              "-e",
              "inject=" + CALLS + ":" + what + ":when=" + call);
      run(traced, i, 300);
      look("%s at call %d".formatted(what, call));
    }
    System.out.printf(
        "injected %d faults: %d records acknowledged, 0 lost, 0 wrong, %d typed errors%n",
        slow ? 300 : 4, acknowledged, typedErrors);
  }

  private void requireStrace() throws Exception {
    boolean works;
    try {
      works =
          new ProcessBuilder(
                      "strace", "-qq", "-o", "/dev/null", "-e", "inject=fsync:error=EIO", "true")
                  .redirectErrorStream(true)
                  .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                  .start()
                  .waitFor()
              == 0;
    } catch (IOException e) {
      works = false;
    }
    RequiredTools.assumeOrFail(
        "strace", works, "strace cannot trace here; install it, allow ptrace");
  }

  /** Runs a process and kills it behind so many lines, if nothing else has. */
  private void run(List<String> before, long seed, int lines) throws Exception {
    List<String> command = new ArrayList<>(before);
    command.addAll(
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xshare:auto",
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-XX:-UsePerfData",
            "-Xmx128m",
            "-cp",
            System.getProperty("java.class.path"),
            KillVictim.class.getName(),
            directory.toString(),
            String.valueOf(seed)));
    Path errors = directory.resolveSibling(directory.getFileName() + ".err");
    Process process = new ProcessBuilder(command).redirectError(errors.toFile()).start();
    int seen = 0;
    try (BufferedReader output = process.inputReader()) {
      for (String line = output.readLine(); line != null; line = output.readLine()) {
        note(line);
        if (++seen == lines) {
          process.descendants().forEach(ProcessHandle::destroyForcibly);
          process.toHandle().destroyForcibly(); // and leaves what it said to be read
        }
      }
    }
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    int code = process.exitValue();
    assertThat(code)
        .as("killed, or ended by a typed error: %s", Files.readString(errors))
        .isIn(128 + 9, KillVictim.TYPED_ERROR);
    Files.deleteIfExists(errors);
    killsSinceLooked++;
  }

  private void note(String line) {
    String[] words = line.split(" ", -1);
    switch (words[0]) {
      case "L" -> {
        records.add(Long.parseLong(words[1]));
        acknowledged++;
      }
      case "B" -> blocks.put(Integer.valueOf(words[1]), Long.valueOf(words[2]));
      case "O" -> objects.put(Integer.valueOf(words[1]), Long.valueOf(words[2]));
      case "E" -> typedErrors++;
      default -> throw new AssertionError("the process said: " + line);
    }
  }

  /** Opens what is left and compares it with what was said. */
  private void look(String what) {
    try (TestContext context = new TestContext();
        Backend backend =
            new DiskBackendProvider().open(context, KillVictim.config(directory.toString()))) {
      try (Log log = backend.logs().getFirst().open("log")) {
        lookAtRecords(log, what);
      }
      try (BlockStore store = backend.blockStores().getFirst().open(KillVictim.blocks())) {
        lookAtBlocks(store, what);
      }
      try (ObjectStore store = backend.objectStores().getFirst().open("objects", OpenMode.WRITE)) {
        lookAtObjects(store, what);
      }
    }
    killsSinceLooked = 0;
  }

  private void lookAtRecords(Log log, String what) {
    Set<Long> found = new HashSet<>();
    log.replay(
        1,
        (sequence, record) -> {
          assertThat(record.byteSize()).isEqualTo(KillVictim.recordByteSize(sequence));
          BytePatterns.verify(record, sequence, what + ", record " + sequence);
          found.add(sequence);
          return true;
        });
    // What is truncated leaves at the front only, up to 300 below the newest.
    long kept = records.isEmpty() ? 1 : Math.max(log.firstSequence(), 1);
    assertThat(kept).as(what).isLessThanOrEqualTo(Math.max(1, log.nextSequence()));
    assertThat(found).as("%s: acknowledged records", what).containsAll(records.tailSet(kept));
    records.clear();
  }

  private void lookAtBlocks(BlockStore store, String what) {
    Map<Integer, StoredBlock> found = new HashMap<>();
    store.recover(block -> found.put(block.slot(), block));
    int missing = 0;
    for (int slot = 0; slot < KillVictim.SLOTS; slot++) {
      StoredBlock block = found.get(slot);
      boolean there = block != null && isWhole(store, block, what);
      boolean newest = there && block.generation() >= blocks.getOrDefault(slot, 0L);
      missing += newest || !blocks.containsKey(slot) ? 0 : 1;
    }
    // One may have been overwritten when the process was killed, each time.
    assertThat(missing).as("%s: blocks missing", what).isLessThanOrEqualTo(killsSinceLooked);
    blocks.clear();
  }

  private void lookAtObjects(ObjectStore store, String what) {
    objects.forEach(
        (key, version) -> {
          byte[] found =
              store
                  .getBytes("key-" + key)
                  .orElseThrow(() -> new AssertionError(what + ": object " + key + " is lost"));
          MemorySegment bytes = MemorySegment.ofArray(found);
          long newest = bytes.get(ValueLayout.JAVA_LONG_UNALIGNED, 0);
          assertThat(newest).as("%s, object %d", what, key).isGreaterThanOrEqualTo(version);
          assertThat(bytes.mismatch(KillVictim.object(newest)))
              .as("%s, object %d of version %d", what, key, newest)
              .isEqualTo(-1);
        });
  }

  private static boolean isWhole(BlockStore store, StoredBlock block, String what) {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment bytes = arena.allocate(8192, 4096);
      RecordingCompletion completion = new RecordingCompletion(1, Duration.ofSeconds(60));
      store.read(
          List.of(
              new BlockRead(
                  block.slot(),
                  block.key(),
                  block.generation(),
                  List.of(new Region.HostRegion(bytes)))),
          completion);
      BlockOutcome outcome = completion.await().getFirst();
      if (outcome instanceof BlockOutcome.Done) {
        assertThat(block.key()).isEqualTo(KillVictim.key(block.slot(), block.generation()));
        BytePatterns.verify(bytes, block.generation(), what + ", slot " + block.slot());
        return true;
      }
      return false;
    }
  }
}
