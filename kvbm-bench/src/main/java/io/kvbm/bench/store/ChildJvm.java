package io.kvbm.bench.store;

import io.kvbm.api.BackendException;
import io.kvbm.api.ErrorCode;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Runs a measurement in a JVM of its own, so that nobody's memory and threads are another's. */
final class ChildJvm {

  private static final int LINES_OF_FAILURE = 5;

  private ChildJvm() {}

  /**
   * Measures.
   *
   * @param request what
   * @param prefix a command that starts the JVM, such as strace; empty for none
   * @param folder where files of the moment may be
   */
  static RunResult run(RunRequest request, List<String> prefix, Path folder)
      throws IOException, InterruptedException {
    Path result = Files.createTempFile(folder, "result", ".txt");
    Path output = Files.createTempFile(folder, "output", ".txt");
    try {
      Process process =
          new ProcessBuilder(command(request, prefix, result))
              .redirectErrorStream(true)
              .redirectOutput(output.toFile())
              .start();
      try {
        int status = process.waitFor();
        if (status != 0) {
          throw failed(request, status, output);
        }
      } finally {
        process.destroyForcibly().waitFor();
      }
      return RunResult.in(Files.readAllLines(result));
    } finally {
      Files.deleteIfExists(result);
      Files.deleteIfExists(output);
    }
  }

  private static List<String> command(RunRequest request, List<String> prefix, Path result) {
    List<String> command = new ArrayList<>(prefix);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(option -> !option.startsWith("-javaagent") && !option.startsWith("-agentlib"))
        .forEach(command::add);
    command.addAll(request.contestant().jvmOptions());
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(StoreRunMain.class.getName());
    command.add(result.toString());
    command.addAll(request.words());
    return command;
  }

  private static BackendException failed(RunRequest request, int status, Path output)
      throws IOException {
    List<String> said =
        Files.readAllLines(output).stream()
            .filter(line -> !line.startsWith("WARNING:") && !line.startsWith("\tat "))
            .toList();
    return new BackendException(
        ErrorCode.OPERATION_FAILED,
        "measuring %s of %s ended with %d: %s"
            .formatted(
                request.operation(),
                request.contestant().label(),
                status,
                String.join(" | ", said.subList(0, Math.min(LINES_OF_FAILURE, said.size())))),
        null);
  }
}
