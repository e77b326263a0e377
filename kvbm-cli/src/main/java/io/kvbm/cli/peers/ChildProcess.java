package io.kvbm.cli.peers;

import io.kvbm.api.BackendException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.TransientException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * This program once more, asked and answering by lines of text. It ends when its standard input
 * does, so it does not outlive this process. For one thread.
 */
public final class ChildProcess implements AutoCloseable {

  private static final int LINES_AHEAD = 64;
  private static final int LINES_OF_FAILURE = 2;

  /** What this program's own messages begin with. */
  private static final String OWN = "kvbm: ";

  private static final long END_SECONDS = 15;

  private final String name;
  private final Process process;
  private final Path errors;
  private final Writer questions;
  private final BlockingQueue<Optional<String>> answers = new ArrayBlockingQueue<>(LINES_AHEAD);

  private ChildProcess(String name, Process process, Path errors) {
    this.name = name;
    this.process = process;
    this.errors = errors;
    this.questions = process.outputWriter(StandardCharsets.UTF_8);
    Thread.ofPlatform().daemon().name("kvbm-answers-" + name).start(this::listen);
  }

  /**
   * Starts a process.
   *
   * @param name for messages
   * @param arguments as {@code kvbm} takes them
   * @param environment beside this process's own; secrets go here, for others can read arguments
   * @return the caller closes it
   */
  public static ChildProcess start(
      String name, List<String> arguments, Map<String, String> environment) {
    try {
      Path errors = Files.createTempFile("kvbm-" + name, ".err");
      ProcessBuilder builder =
          new ProcessBuilder(ChildCommand.of(arguments)).redirectError(errors.toFile());
      builder.environment().putAll(environment);
      return new ChildProcess(name, builder.start(), errors);
    } catch (IOException e) {
      throw new BackendException(
          ErrorCode.OPERATION_FAILED, "cannot start " + name + ": " + e.getMessage(), e);
    }
  }

  private void listen() {
    try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
      String line = lines.readLine();
      while (line != null) {
        answers.put(Optional.of(line));
        line = lines.readLine();
      }
      answers.put(Optional.empty());
    } catch (IOException | InterruptedException e) {
      answers.clear();
      answers.offer(Optional.empty());
    }
  }

  /** {@return the process} */
  public ProcessHandle handle() {
    return process.toHandle();
  }

  /**
   * Asks something.
   *
   * @param line without a line break
   */
  public void ask(String line) {
    try {
      questions.write(line + "\n");
      questions.flush();
    } catch (IOException e) {
      throw ended();
    }
  }

  /**
   * {@return what follows a word in the next answer}
   *
   * @param word the first of the answer that is expected
   * @param timeout how long to wait
   * @throws BackendException if the process has ended or answers something else, with what it said
   * @throws TransientException with {@link ErrorCode#DEADLINE_EXCEEDED} after the time
   */
  public String answer(String word, Duration timeout) throws InterruptedException {
    Optional<String> line = answers.poll(timeout.toNanos(), TimeUnit.NANOSECONDS);
    if (line == null) {
      throw new TransientException(
          ErrorCode.DEADLINE_EXCEEDED,
          "%s has not said '%s' after %s".formatted(name, word, timeout));
    }
    String text = line.orElseThrow(this::ended);
    if (!text.equals(word) && !text.startsWith(word + " ")) {
      throw new BackendException(
          ErrorCode.OPERATION_FAILED,
          "%s was to say '%s' and said: %s".formatted(name, word, text),
          null);
    }
    return text.substring(word.length()).strip();
  }

  private BackendException ended() {
    String said;
    try {
      process.waitFor(1, TimeUnit.SECONDS);
      List<String> lines =
          Files.readAllLines(errors).stream().filter(line -> line.startsWith(OWN)).toList();
      said =
          String.join(
              "; ",
              lines.subList(Math.max(0, lines.size() - LINES_OF_FAILURE), lines.size()).stream()
                  .map(line -> line.substring(OWN.length()))
                  .toList());
    } catch (IOException e) {
      said = "";
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      said = "";
    }
    return new BackendException(
        ErrorCode.OPERATION_FAILED,
        "%s has ended%s%s".formatted(name, said.isEmpty() ? "" : ": ", said),
        null);
  }

  /** Ends the process, by force where it does not end by itself. */
  @Override
  public void close() {
    try {
      questions.close();
    } catch (IOException _) {
      // It is gone already.
    }
    boolean interrupted = Thread.interrupted();
    try {
      if (!process.waitFor(interrupted ? 1 : END_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      interrupted = true;
      process.destroyForcibly();
    }
    try {
      Files.deleteIfExists(errors);
    } catch (IOException e) {
      errors.toFile().deleteOnExit();
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
