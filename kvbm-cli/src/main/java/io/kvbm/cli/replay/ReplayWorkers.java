package io.kvbm.cli.replay;

import io.kvbm.api.KvbmException;
import io.kvbm.api.config.KvBlockManagerConfig;
import io.kvbm.api.remote.BlockDirectory;
import io.kvbm.api.remote.DirectoryMember;
import io.kvbm.api.remote.RemoteAgent;
import io.kvbm.cli.console.Console;
import io.kvbm.cli.console.ProgressBar;
import io.kvbm.cli.peers.ChildProcess;
import io.kvbm.cli.trace.Trace;
import io.kvbm.core.KvBlockManager;
import io.kvbm.core.Platform;
import io.kvbm.core.logical.ShardLeader;
import io.kvbm.core.logical.ShardWorkers;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Replays a trace as the leader of processes that have the bytes. It ends with the first worker it
 * loses: what its shards were nobody knows, so nothing would be found any more.
 */
final class ReplayWorkers {

  /** The agent of this process. */
  static final String LEADER = "leader";

  private static final Duration START = Duration.ofMinutes(3);
  private static final Duration REPORT = Duration.ofSeconds(60);

  /** How long a worker may take for a move, and again to say so. */
  private static final Duration MOVE = Duration.ofSeconds(10);

  private final int count;
  private final List<String> arguments;
  private final Meeting meeting;
  private final Trace trace;

  /**
   * @param count how many workers
   * @param arguments of one process, without what makes it a worker
   * @param meeting how they meet; the caller closes it
   * @param trace what is replayed
   */
  ReplayWorkers(int count, List<String> arguments, Meeting meeting, Trace trace) {
    this.count = count;
    this.arguments = arguments;
    this.meeting = meeting;
    this.trace = trace;
  }

  WorkersReport run(Platform platform, ReplayOptions options, Console console)
      throws InterruptedException, IOException {
    Map<String, ChildProcess> processes = new LinkedHashMap<>();
    try {
      for (int rank = 0; rank < count; rank++) {
        String name = ServedShards.name(rank);
        processes.put(name, ChildProcess.start(name, argumentsOf(rank), meeting.environment()));
      }
      return lead(platform, options, processes, console);
    } finally {
      processes.values().forEach(ChildProcess::close);
    }
  }

  private List<String> argumentsOf(int rank) {
    List<String> own = new ArrayList<>(arguments);
    own.addAll(List.of("--as-worker", Integer.toString(rank), "--directory", meeting.directory()));
    return own;
  }

  private WorkersReport lead(
      Platform platform,
      ReplayOptions options,
      Map<String, ChildProcess> processes,
      Console console)
      throws InterruptedException, IOException {
    KvBlockManagerConfig config = ShardShape.leader(options);
    long fingerprint = KvBlockManager.fingerprint(config, platform);
    RemoteAgent agent = platform.openAgent("", LEADER);
    DirectoryMember self = new DirectoryMember(agent.descriptor(), 0, fingerprint);
    List<String> lines = new ArrayList<>(List.of(Meeting.line(self)));
    for (ChildProcess process : processes.values()) {
      lines.add(process.answer(ServedShards.READY, START));
    }
    meeting.introduce(lines);
    ShardLeader leader = new ShardLeader(agent, fingerprint, List.copyOf(processes.keySet()));
    try (BlockDirectory _ = platform.directory(meeting.directory(), self, leader)) {
      List<Integer> slots = ShardShape.levels(options).stream().map(options::capacity).toList();
      ShardWorkers workers = leader.connect(slots, START, MOVE);
      if (console.isVerbose()) {
        console.note("leading " + String.join(", ", processes.keySet()));
      }
      try (KvBlockManager manager =
          KvBlockManager.builder(config)
              .platform(platform)
              .tiering(options.tiering())
              .workers(workers)
              .build()) {
        return replay(manager, workers, processes, platform, options, console);
      }
    }
  }

  private WorkersReport replay(
      KvBlockManager manager,
      ShardWorkers workers,
      Map<String, ChildProcess> processes,
      Platform platform,
      ReplayOptions options,
      Console console)
      throws InterruptedException {
    try (ProgressBar bar = console.progress("replaying", "blocks", trace.blockCount())) {
      ShardedTop top =
          new ShardedTop(processes, (name, failure) -> workers.lost(name, why(name, failure)));
      Replay replay =
          new Replay(
              trace,
              manager.tiering(),
              top,
              null,
              null,
              options,
              platform.clock(),
              false,
              bar::advance);
      long start = System.nanoTime();
      int served = serve(replay, workers, bar);
      long nanos = System.nanoTime() - start;
      Map<String, String> lost = workers.fenced();
      Map<String, Map<String, Long>> figures = new LinkedHashMap<>();
      for (Map.Entry<String, ChildProcess> process : processes.entrySet()) {
        if (!lost.containsKey(process.getKey())) {
          process.getValue().ask(ServedShards.REPORT);
          figures.put(
              process.getKey(),
              Figures.parse(process.getValue().answer(ServedShards.REPORT, REPORT)));
        }
      }
      return new WorkersReport(
          trace.name(),
          trace.requestCount(),
          served,
          meeting.directory(),
          options.blockByteSize(),
          count,
          replay.figures(),
          manager.tiering().routes(),
          figures,
          lost,
          nanos);
    }
  }

  /** What a process says of itself begins with its name. */
  private static String why(String name, KvbmException failure) {
    String message = String.valueOf(failure.getMessage());
    return message.startsWith(name + " ") ? message.substring(name.length() + 1) : message;
  }

  /** {@return how many requests were served in full} */
  private int serve(Replay replay, ShardWorkers workers, ProgressBar bar)
      throws InterruptedException {
    for (int request = 0; request < trace.requestCount(); request++) {
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
      try {
        replay.serve(request);
      } catch (KvbmException e) {
        if (workers.isIntact()) {
          throw e;
        }
      }
      if (!workers.isIntact()) {
        return request;
      }
      bar.advance(trace.blockCount(request));
    }
    return trace.requestCount();
  }
}
