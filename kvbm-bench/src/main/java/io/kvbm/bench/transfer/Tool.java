package io.kvbm.bench.transfer;

import io.kvbm.api.BackendException;
import io.kvbm.api.ErrorCode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Runs the two ends of a measuring program of the system. */
final class Tool {

  private static final long START_NANOS = TimeUnit.SECONDS.toNanos(10);

  private Tool() {}

  /**
   * {@return whether the program is on the PATH}
   *
   * @param command asks it for something harmless
   */
  static boolean isInstalled(List<String> command) {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      process.getOutputStream().close();
      process.getInputStream().readAllBytes();
      process.waitFor();
      return true;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** {@return a port that nobody has just now} */
  static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  /**
   * {@return what the client printed}
   *
   * @param server listens on the port when it has started
   * @param client connects to it
   * @param port the port
   * @param environment of both
   */
  static String run(
      List<String> server, List<String> client, int port, Map<String, String> environment)
      throws IOException {
    Process serving = start(server, environment);
    try {
      serving.getOutputStream().close();
      Thread.ofPlatform().daemon().start(() -> drain(serving));
      awaitListening(serving, port);
      Process asking = start(client, environment);
      asking.getOutputStream().close();
      String said = new String(asking.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      int status = asking.waitFor();
      if (status != 0) {
        throw new BackendException(
            ErrorCode.OPERATION_FAILED,
            "%s ended with %d: %s"
                .formatted(client.getFirst(), status, said.lines().findFirst().orElse("")),
            null);
      }
      return said;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new BackendException(
          ErrorCode.OPERATION_FAILED, "interrupted while " + client.getFirst() + " ran", e);
    } finally {
      serving.destroyForcibly();
    }
  }

  private static Process start(List<String> command, Map<String, String> environment)
      throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().putAll(environment);
    return builder.start();
  }

  private static void drain(Process process) {
    try {
      process.getInputStream().readAllBytes();
    } catch (IOException _) {
      // It was ended.
    }
  }

  /** A connection made to see whether a server is there must not be taken for its client. */
  private static void awaitListening(Process process, int port)
      throws IOException, InterruptedException {
    long until = System.nanoTime() + START_NANOS;
    while (!isListening(port)) {
      if (System.nanoTime() - until > 0 || !process.isAlive()) {
        throw new IOException("nothing listens on port " + port);
      }
      TimeUnit.MILLISECONDS.sleep(20);
    }
  }

  private static boolean isListening(int port) {
    try (ServerSocket probe = new ServerSocket()) {
      probe.setReuseAddress(true);
      probe.bind(new InetSocketAddress(port));
      return false;
    } catch (IOException e) {
      return true;
    }
  }
}
