package io.kvbm.bench.transfer;

import io.kvbm.api.BackendException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.remote.AgentDescriptor;
import io.kvbm.api.remote.AgentEndpoint;
import io.kvbm.api.remote.ExportedStorage;
import io.kvbm.api.storage.StorageType;
import java.io.BufferedReader;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** {@link ServingMain} in a JVM of its own. */
final class ServingProcess implements AutoCloseable {

  private static final int WORDS_BEFORE_ENDPOINTS = 7;

  private final Process process;
  private final Path errors;
  private final AgentDescriptor agent;
  private final ExportedStorage exported;
  private final int plainPort;

  private ServingProcess(Process process, Path errors, String[] words) {
    this.process = process;
    this.errors = errors;
    List<AgentEndpoint> endpoints = new ArrayList<>();
    for (int i = WORDS_BEFORE_ENDPOINTS; i < words.length; i++) {
      String[] parts = words[i].split("://", 2);
      endpoints.add(new AgentEndpoint(parts[0], parts[1]));
    }
    this.agent = new AgentDescriptor(words[1], Long.parseLong(words[2]), endpoints);
    this.exported =
        new ExportedStorage(
            HexFormat.of().parseHex(words[3]),
            Long.parseLong(words[4]),
            StorageType.parse(words[5]),
            true);
    this.plainPort = Integer.parseInt(words[6]);
  }

  /**
   * Starts it and waits until it serves.
   *
   * @param byteSize bytes of memory to be read
   * @param answerBytes bytes of a plain answer
   * @param settings of the backend, as {@code key=value}
   */
  static ServingProcess start(long byteSize, int answerBytes, List<String> settings)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(option -> !option.startsWith("-javaagent") && !option.startsWith("-agentlib"))
        .forEach(command::add);
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(ServingMain.class.getName());
    command.add(Long.toString(byteSize));
    command.add(Integer.toString(answerBytes));
    command.addAll(settings);
    Path errors = Files.createTempFile("kvbm-serving", ".err");
    Process process = new ProcessBuilder(command).redirectError(errors.toFile()).start();
    BufferedReader lines = process.inputReader(StandardCharsets.UTF_8);
    String line = lines.readLine();
    while (line != null && !line.startsWith(ServingMain.READY + " ")) {
      line = lines.readLine();
    }
    if (line == null) {
      String said = Files.readString(errors).strip();
      process.destroyForcibly();
      Files.deleteIfExists(errors);
      throw new BackendException(
          ErrorCode.OPERATION_FAILED,
          "the process that serves did not start: " + said.lines().findFirst().orElse("no word"),
          null);
    }
    return new ServingProcess(process, errors, line.split(" ", -1));
  }

  AgentDescriptor agent() {
    return agent;
  }

  ExportedStorage exported() {
    return exported;
  }

  int plainPort() {
    return plainPort;
  }

  @Override
  public void close() throws IOException {
    try {
      process.getOutputStream().close();
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      process.destroyForcibly();
    } finally {
      Files.deleteIfExists(errors);
    }
  }
}
