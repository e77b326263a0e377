package io.kvbm.cli.replay;

import io.kvbm.cli.console.Console;
import io.kvbm.cli.console.ProgressBar;
import io.kvbm.cli.peers.ChildProcess;
import io.kvbm.cli.trace.Trace;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Splits a trace over processes that share their blocks. Requests go to the processes in turns, in
 * the order of the trace; as many are under way as there are processes, so that none is far ahead
 * of what the others have filled.
 */
final class ReplayPeers {

  private static final Duration START = Duration.ofMinutes(3);
  private static final Duration REQUEST = Duration.ofMinutes(5);

  private final int count;
  private final Meeting meeting;
  private final List<String> arguments;
  private final Trace trace;

  /**
   * @param count how many processes
   * @param meeting how they meet; the caller closes it
   * @param arguments of one process, without what makes it one of several
   * @param trace what is replayed
   */
  ReplayPeers(int count, Meeting meeting, List<String> arguments, Trace trace) {
    this.count = count;
    this.meeting = meeting;
    this.arguments = arguments;
    this.trace = trace;
  }

  PeersReport run(Console console) throws InterruptedException, IOException {
    List<ChildProcess> peers = new ArrayList<>();
    try (ProgressBar bar = console.progress("replaying", "blocks", trace.blockCount())) {
      Map<String, String> environment = meeting.environment();
      for (int i = 0; i < count; i++) {
        peers.add(ChildProcess.start("peer-" + i, argumentsOf(i), environment));
      }
      introduce(peers);
      long start = System.nanoTime();
      serve(peers, bar);
      long nanos = System.nanoTime() - start;
      return new PeersReport(
          trace.name(),
          trace.requestCount(),
          trace.blockCount(),
          meeting.directory(),
          report(peers),
          nanos);
    } finally {
      peers.forEach(ChildProcess::close);
    }
  }

  private List<String> argumentsOf(int index) {
    List<String> own = new ArrayList<>(arguments);
    own.addAll(List.of("--as-peer", Integer.toString(index), "--directory", meeting.directory()));
    return own;
  }

  /** Each says how it is reached; all are told of all. */
  private void introduce(List<ChildProcess> peers) throws InterruptedException, IOException {
    List<String> lines = new ArrayList<>();
    for (ChildProcess peer : peers) {
      lines.add(peer.answer(AskedReplay.READY, START));
    }
    meeting.introduce(lines);
    for (ChildProcess peer : peers) {
      peer.ask(AskedReplay.AWAIT + " " + (count - 1));
    }
    for (ChildProcess peer : peers) {
      peer.answer(AskedReplay.AWAIT, START);
    }
  }

  private void serve(List<ChildProcess> peers, ProgressBar bar) throws InterruptedException {
    int[] underWay = new int[count];
    for (int request = 0; request < trace.requestCount() + count; request++) {
      int index = request % count;
      ChildProcess peer = peers.get(index);
      if (underWay[index] > 0) {
        peer.answer(AskedReplay.SERVED, REQUEST);
        underWay[index]--;
        bar.advance(trace.blockCount(request - count));
      }
      if (request < trace.requestCount()) {
        peer.ask(AskedReplay.SERVE + " " + request);
        underWay[index]++;
      }
    }
  }

  private static List<Map<String, Long>> report(List<ChildProcess> peers)
      throws InterruptedException {
    List<Map<String, Long>> reports = new ArrayList<>();
    for (ChildProcess peer : peers) {
      peer.ask(AskedReplay.REPORT);
      reports.add(Figures.parse(peer.answer(AskedReplay.REPORT, REQUEST)));
    }
    return reports;
  }
}
