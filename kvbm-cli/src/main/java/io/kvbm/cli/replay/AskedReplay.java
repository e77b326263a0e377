package io.kvbm.cli.replay;

import io.kvbm.api.BackendException;
import io.kvbm.api.ErrorCode;
import io.kvbm.cli.console.Console;
import io.kvbm.core.remote.Sharing;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * One process of several that replay a trace together: serves the requests it is told to, until its
 * input ends. Each question is a line, and so is its answer.
 */
final class AskedReplay {

  /** Said once: then how this process is reached, as a line of a members file. */
  static final String READY = "ready";

  /** With a number: answered when so many others are known. */
  static final String AWAIT = "await";

  /** With the number of a request: to be served. */
  static final String SERVE = "serve";

  /** Answers that. */
  static final String SERVED = "served";

  /** Asks for the figures so far, and answers with them. */
  static final String REPORT = "report";

  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private final Replay replay;
  private final Sharing sharing;
  private final Console console;
  private long requests;

  AskedReplay(Replay replay, Sharing sharing, Console console) {
    this.replay = replay;
    this.sharing = sharing;
    this.console = console;
  }

  void run() throws IOException, InterruptedException {
    say(READY + " " + Meeting.line(sharing.self()));
    BufferedReader questions =
        new BufferedReader(new InputStreamReader(console.input(), StandardCharsets.UTF_8));
    for (String line = questions.readLine(); line != null; line = questions.readLine()) {
      String[] words = line.split(" ", -1);
      switch (words[0]) {
        case AWAIT -> {
          await(Integer.parseInt(words[1]));
          say(AWAIT);
        }
        case SERVE -> {
          replay.serve(Integer.parseInt(words[1]));
          requests++;
          say(SERVED);
        }
        case REPORT -> say(REPORT + " " + figures());
        default ->
            throw new BackendException(
                ErrorCode.OPERATION_FAILED, "nobody knows what '" + words[0] + "' asks for", null);
      }
    }
  }

  private void say(String line) {
    console.line(line);
    console.resultWriter().flush();
  }

  private int known() {
    return sharing.directory().map(directory -> directory.members().size()).orElse(0);
  }

  private void await(int others) throws InterruptedException {
    long until = System.nanoTime() + PATIENCE.toNanos();
    while (known() < others) {
      if (System.nanoTime() - until > 0) {
        throw new BackendException(
            ErrorCode.OPERATION_FAILED,
            "%d of %d other processes were found after %s".formatted(known(), others, PATIENCE),
            null);
      }
      TimeUnit.MILLISECONDS.sleep(20);
    }
  }

  private String figures() {
    Map<String, Long> figures = new LinkedHashMap<>();
    figures.put("requests", requests);
    figures.putAll(replay.figures());
    figures.put("lent", sharing.statistics().lentBlocks());
    return Figures.text(figures);
  }
}
