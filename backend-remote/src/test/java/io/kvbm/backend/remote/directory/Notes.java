package io.kvbm.backend.remote.directory;

import io.kvbm.api.remote.AgentDescriptor;
import io.kvbm.api.remote.AgentEndpoint;
import io.kvbm.api.remote.DirectoryListener;
import io.kvbm.api.remote.DirectoryMember;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;

/** Writes down what a directory tells; and what tests of directories need often. */
public final class Notes implements DirectoryListener {

  private final List<String> lines = new CopyOnWriteArrayList<>();

  @Override
  public void joined(DirectoryMember member) {
    lines.add("+" + member.agent().name() + "/" + member.agent().generation());
  }

  @Override
  public void left(DirectoryMember member) {
    lines.add("-" + member.agent().name() + "/" + member.agent().generation());
  }

  @Override
  public void connection(boolean connected) {
    lines.add(connected ? "found" : "lost");
  }

  public List<String> lines() {
    return List.copyOf(lines);
  }

  public static DirectoryMember member(String name, long generation) {
    AgentEndpoint endpoint = new AgentEndpoint("tcp", "127.0.0.1:7410");
    return new DirectoryMember(
        new AgentDescriptor(name, generation, List.of(endpoint)), generation, 7);
  }

  /** Waits for what has to come about. */
  public static void await(String what, BooleanSupplier condition) throws InterruptedException {
    long end = System.nanoTime() + 20_000_000_000L;
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - end > 0) {
        throw new AssertionError("did not come about: " + what + directoryThreads());
      }
      Thread.sleep(5);
    }
  }

  /** What directories do just now, for whoever has to find out why they do nothing. */
  private static String directoryThreads() {
    StringBuilder text = new StringBuilder();
    Thread.getAllStackTraces()
        .forEach(
            (thread, stack) -> {
              if (thread.getName().startsWith("kvbm-directory-")) {
                text.append("\n").append(thread);
                Arrays.stream(stack).forEach(frame -> text.append("\n    ").append(frame));
              }
            });
    return text.toString();
  }
}
