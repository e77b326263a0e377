package io.kvbm.cli.replay;

import io.kvbm.api.BackendException;
import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.layout.Layout;
import io.kvbm.api.remote.DirectoryListener;
import io.kvbm.cli.console.Console;
import io.kvbm.core.KvBlockManager;
import io.kvbm.core.Platform;
import io.kvbm.core.logical.ShardAgent;
import io.kvbm.core.logical.ShardStatistics;
import io.kvbm.core.logical.ShardWorker;
import io.kvbm.core.remote.Leadership;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One worker of a replay: the engine that computes its shard of each block, as it is told by lines
 * of text until its input ends. The leader moves the shards through the agent meanwhile.
 */
final class ServedShards {

  /** Said once: then how this process is reached, as a line of a members file. */
  static final String READY = "ready";

  /** With {@code slot:hash} of each block: to be filled. */
  static final String FILL = "fill";

  /** Answers that. */
  static final String FILLED = "filled";

  /** With {@code slot:hash} of each block: to be compared. */
  static final String CHECK = "check";

  /** Answers that, with the places in the question of the blocks that were wrong. */
  static final String CHECKED = "checked";

  /** Asks for the figures so far, and answers with them. */
  static final String REPORT = "report";

  private static final long RANK_STEP = 0xD1B54A32D192ED03L;

  private final int rank;
  private final Layout top;
  private final Console console;
  private long filled;
  private long compared;
  private long wrong;

  ServedShards(int rank, Layout top, Console console) {
    this.rank = rank;
    this.top = top;
    this.console = console;
    if (!top.isBlockContiguous() || !top.storage(0).isHostAccessible()) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG,
          "shards are compared in place, and the CPU does not reach the first tier; choose another"
              + " backend for it");
    }
  }

  /** Serves as a worker until the input ends. */
  static void run(
      ReplayOptions options, Platform platform, int rank, String directory, Console console)
      throws IOException {
    ShardWorker worker = ShardShape.worker(options, platform);
    try (ShardAgent agent =
        new ShardAgent(
            worker,
            platform.openAgent("", name(rank)),
            rank + 1L,
            KvBlockManager.fingerprint(ShardShape.leader(options), platform),
            Leadership.of(ReplayWorkers.LEADER))) {
      ServedShards shards = new ServedShards(rank, worker.layout(0), console);
      agent.join(platform.directory(directory, agent.self(), DirectoryListener.NONE));
      shards.say(READY + " " + Meeting.line(agent.self()));
      shards.serve(agent);
    }
  }

  /** {@return the name of a worker's agent} */
  static String name(int rank) {
    return "worker-" + rank;
  }

  private void serve(ShardAgent agent) throws IOException {
    BufferedReader questions =
        new BufferedReader(new InputStreamReader(console.input(), StandardCharsets.UTF_8));
    for (String line = questions.readLine(); line != null; line = questions.readLine()) {
      String[] words = line.split(" ", -1);
      if (words[0].equals(REPORT)) {
        say(REPORT + " " + figures(agent.statistics()));
      } else {
        say(answer(words));
      }
    }
  }

  /** Fills or compares. */
  String answer(String[] words) {
    StringBuilder answer = new StringBuilder();
    switch (words[0]) {
      case FILL -> {
        for (int i = 1; i < words.length; i++) {
          BlockContent.fill(bytes(words[i]), content(words[i]));
        }
        filled += words.length - 1;
        answer.append(FILLED);
      }
      case CHECK -> {
        answer.append(CHECKED);
        for (int i = 1; i < words.length; i++) {
          if (!BlockContent.matches(bytes(words[i]), content(words[i]))) {
            answer.append(' ').append(i - 1);
            wrong++;
          }
        }
        compared += words.length - 1;
      }
      default ->
          throw new BackendException(
              ErrorCode.OPERATION_FAILED, "nobody knows what '" + words[0] + "' asks for", null);
    }
    return answer.toString();
  }

  /** {@return one block of a question} */
  static String word(int slot, long hash) {
    return slot + ":" + Long.toHexString(hash);
  }

  /** Each worker has another shard of a block. */
  private long content(String word) {
    long hash = Long.parseUnsignedLong(word.substring(word.indexOf(':') + 1), 16);
    return hash + RANK_STEP * (rank + 1);
  }

  private MemorySegment bytes(String word) {
    int slot = Integer.parseInt(word.substring(0, word.indexOf(':')));
    return top.storage(top.storageIndex(slot, 0, 0))
        .mutableView()
        .asSlice(top.offset(slot, 0, 0), top.blockByteSize());
  }

  private String figures(ShardStatistics moved) {
    Map<String, Long> figures = new LinkedHashMap<>();
    figures.put("moves", moved.moves());
    figures.put("shards", moved.shards());
    figures.put("bytes", moved.bytes());
    figures.put("failed", moved.failed());
    figures.put("filled", filled);
    figures.put("compared", compared);
    figures.put("wrong", wrong);
    return Figures.text(figures);
  }

  private void say(String line) {
    console.line(line);
    console.resultWriter().flush();
  }

  /** {@return the places in a question that an answer names} */
  static List<Integer> places(String answer) {
    return answer.isEmpty()
        ? List.of()
        : Arrays.stream(answer.split(" ", -1)).map(Integer::valueOf).toList();
  }
}
