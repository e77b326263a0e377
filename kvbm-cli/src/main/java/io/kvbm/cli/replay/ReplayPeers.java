package io.kvbm.cli.replay;

import io.kvbm.api.BackendException;
import io.kvbm.api.ErrorCode;
import io.kvbm.cli.console.Console;
import io.kvbm.cli.console.ProgressBar;
import io.kvbm.cli.peers.ChildProcess;
import io.kvbm.cli.trace.Trace;
import io.kvbm.core.config.EnvironmentNames;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Splits a trace over processes that share their blocks. Requests go to the processes in turns, in
 * the order of the trace; as many are under way as there are processes, so that none is far ahead
 * of what the others have filled.
 */
final class ReplayPeers {

  /** The directory that needs nothing beside the processes. */
  static final String STATIC = "static";

  private static final Duration START = Duration.ofSeconds(60);
  private static final Duration REQUEST = Duration.ofMinutes(5);
  private static final int TOKEN_BYTES = 40;
  private static final int NAME_BYTES = 8;

  private final int count;
  private final String directory;
  private final List<String> arguments;
  private final Trace trace;

  /**
   * @param count how many processes
   * @param directory its kind
   * @param arguments of one process, without what makes it one of several
   * @param trace what is replayed
   */
  ReplayPeers(int count, String directory, List<String> arguments, Trace trace) {
    this.count = count;
    this.directory = directory;
    this.arguments = arguments;
    this.trace = trace;
  }

  PeersReport run(Console console) throws InterruptedException, IOException {
    Path members = Files.createTempFile("kvbm-members", ".txt");
    List<ChildProcess> peers = new ArrayList<>();
    try (ProgressBar bar = console.progress("replaying", "blocks", trace.blockCount())) {
      Map<String, String> environment = environment(members);
      for (int i = 0; i < count; i++) {
        peers.add(ChildProcess.start("peer-" + i, argumentsOf(i), environment));
      }
      introduce(peers, members);
      long start = System.nanoTime();
      serve(peers, bar);
      long nanos = System.nanoTime() - start;
      return new PeersReport(
          trace.name(), trace.requestCount(), trace.blockCount(), directory, report(peers), nanos);
    } finally {
      peers.forEach(ChildProcess::close);
      Files.deleteIfExists(members);
    }
  }

  private List<String> argumentsOf(int index) {
    List<String> own = new ArrayList<>(arguments);
    own.addAll(List.of("--as-peer", Integer.toString(index), "--directory", directory));
    return own;
  }

  /** Where a user has configured credentials or another directory, those are taken. */
  private Map<String, String> environment(Path members) {
    Map<String, String> environment = new LinkedHashMap<>();
    byte[] token = new byte[TOKEN_BYTES];
    new SecureRandom().nextBytes(token);
    environment.put(
        EnvironmentNames.variable("backends.remote.token"),
        HexFormat.of().formatHex(token, NAME_BYTES, TOKEN_BYTES));
    environment.put(
        EnvironmentNames.variable("backends.remote.directoryNamespace"),
        "/kvbm-replay-" + HexFormat.of().formatHex(token, 0, NAME_BYTES));
    if (directory.equals(STATIC)) {
      environment.put(
          EnvironmentNames.variable("backends.remote.directoryFile"), members.toString());
      environment.put(EnvironmentNames.variable("backends.remote.directoryCheck"), "100ms");
    }
    environment.keySet().removeIf(EnvironmentNames.ofProcess()::containsKey);
    return environment;
  }

  /** Each says how it is reached; all are told of all. */
  private void introduce(List<ChildProcess> peers, Path members)
      throws InterruptedException, IOException {
    List<String> lines = new ArrayList<>();
    for (ChildProcess peer : peers) {
      lines.add(peer.answer(AskedReplay.READY, START));
    }
    if (directory.equals(STATIC)) {
      Files.write(members, lines);
    }
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
      reports.add(figures(peer.answer(AskedReplay.REPORT, REQUEST)));
    }
    return reports;
  }

  private static Map<String, Long> figures(String text) {
    Map<String, Long> figures = new LinkedHashMap<>();
    for (String word : text.split(" ", -1)) {
      int equals = word.indexOf('=');
      if (equals < 1) {
        throw new BackendException(
            ErrorCode.OPERATION_FAILED, "a process reported '" + word + "', not a figure", null);
      }
      figures.put(word.substring(0, equals), Long.parseLong(word.substring(equals + 1)));
    }
    return figures;
  }
}
