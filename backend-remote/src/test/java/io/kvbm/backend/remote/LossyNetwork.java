package io.kvbm.backend.remote;

import io.kvbm.testkit.RequiredTools;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/** A network namespace whose loopback loses packets of TCP. Needs root, ip and nft. */
@SuppressWarnings("try") // waits for a tool
final class LossyNetwork implements AutoCloseable {

  private final String name = "kvbm-test-" + ProcessHandle.current().pid();

  /**
   * @param percent how many of a hundred packets are lost
   */
  LossyNetwork(int percent) throws Exception {
    String refusal = run(List.of("ip", "netns", "add", name));
    String[][] commands = {
      {"ip", "link", "set", "lo", "up"},
      {"nft", "add", "table", "inet", "loss"},
      {
        "nft", "add", "chain", "inet", "loss", "in", "{ type filter hook input priority 0 ; }",
      },
      {
        "nft",
        "add rule inet loss in tcp dport 1-65535 numgen random mod 100 < %d counter drop"
            .formatted(percent)
      },
    };
    for (String[] command : commands) {
      if (refusal.isEmpty()) {
        List<String> inside = new ArrayList<>(inside());
        inside.addAll(List.of(command));
        refusal = run(inside);
      }
    }
    if (!refusal.isEmpty()) {
      close();
    }
    RequiredTools.assumeOrFail(
        "netns", refusal.isEmpty(), "a network namespace needs root, ip and nft: " + refusal);
  }

  /** {@return what runs a command in it, when put before} */
  List<String> inside() {
    return List.of("ip", "netns", "exec", name);
  }

  /** {@return how many packets were lost so far} */
  long lost() throws Exception {
    List<String> command = new ArrayList<>(inside());
    command.addAll(List.of("nft", "list", "table", "inet", "loss"));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    var found = Pattern.compile("packets (\\d+)").matcher(text);
    return found.find() ? Long.parseLong(found.group(1)) : -1;
  }

  /** {@return why a command failed, empty where it did not} */
  private static String run(List<String> command) throws InterruptedException {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      process.waitFor(10, TimeUnit.SECONDS);
      return process.exitValue() == 0 ? "" : (command.getFirst() + ": " + text).strip();
    } catch (IOException e) {
      return String.valueOf(e.getMessage());
    }
  }

  @Override
  public void close() throws Exception {
    run(List.of("ip", "netns", "delete", name));
  }
}
