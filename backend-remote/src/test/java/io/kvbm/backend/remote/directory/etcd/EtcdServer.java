package io.kvbm.backend.remote.directory.etcd;

import io.kvbm.testkit.RequiredTools;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A real etcd on free ports with its data in a folder; can be stopped and started again. */
@SuppressWarnings("try") // waits for the process
final class EtcdServer implements AutoCloseable {

  private static final Path PROGRAM = Path.of("/usr/bin/etcd");

  private final int port = freePort();
  private final int peerPort = freePort();
  private final Path keys;
  private Path data;
  private Process process;

  private EtcdServer(Path data, Path keys) {
    this.data = data;
    this.keys = keys;
  }

  static EtcdServer start(Path data) throws Exception {
    return start(data, null);
  }

  /**
   * Starts one that speaks TLS and asks clients for certificates.
   *
   * @param keys where {@code server.pem}, {@code server.key} and {@code authority.pem} are
   */
  static EtcdServer start(Path data, Path keys) throws Exception {
    RequiredTools.assumeOrFail(
        "etcd", Files.isExecutable(PROGRAM), "/usr/bin/etcd is missing; install etcd-server");
    EtcdServer server = new EtcdServer(data, keys);
    server.start();
    return server;
  }

  /** Starts one whose certificate names another host, so that nobody can ask after its health. */
  static EtcdServer startUnasked(Path data, Path keys) throws Exception {
    EtcdServer server = new EtcdServer(data, keys);
    server.launch();
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (!answers(server.port)) {
      if (!server.process.isAlive() || System.nanoTime() > end) {
        throw new IOException("etcd: " + Files.readString(data.resolve("etcd.log")));
      }
      Thread.sleep(20);
    }
    return server;
  }

  int port() {
    return port;
  }

  String endpoint() {
    return (keys == null ? "http" : "https") + "://127.0.0.1:" + port;
  }

  void startEmpty(Path other) throws Exception {
    data = other;
    start();
  }

  void start() throws Exception {
    launch();
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (!ctl("endpoint", "health")) {
      if (!process.isAlive() || System.nanoTime() > end) {
        throw new IOException("etcd: " + Files.readString(data.resolve("etcd.log")));
      }
      Thread.sleep(20);
    }
  }

  private void launch() throws IOException {
    String peer = "http://127.0.0.1:" + peerPort;
    List<String> command = new ArrayList<>();
    command.addAll(
        List.of(
            PROGRAM.toString(),
            "--data-dir",
            data.resolve("etcd").toString(),
            "--listen-client-urls",
            endpoint(),
            "--advertise-client-urls",
            endpoint(),
            "--listen-peer-urls",
            peer,
            "--initial-advertise-peer-urls",
            peer,
            "--initial-cluster",
            "default=" + peer,
            "--unsafe-no-fsync",
            "--heartbeat-interval",
            "20",
            "--election-timeout",
            "200"));
    if (keys != null) {
      command.addAll(
          List.of(
              "--cert-file",
              keys.resolve("server.pem").toString(),
              "--key-file",
              keys.resolve("server.key").toString(),
              "--trusted-ca-file",
              keys.resolve("authority.pem").toString(),
              "--client-cert-auth"));
    }
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("ETCD_UNSUPPORTED_ARCH", System.getProperty("os.arch"));
    builder.redirectErrorStream(true).redirectOutput(data.resolve("etcd.log").toFile());
    process = builder.start();
  }

  /** Ends it without a chance to say so. */
  void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  boolean ctl(String... arguments) throws Exception {
    List<String> command = new ArrayList<>();
    command.addAll(List.of("/usr/bin/etcdctl", "--endpoints", endpoint()));
    if (keys != null) {
      command.addAll(
          List.of(
              "--cacert",
              keys.resolve("authority.pem").toString(),
              "--cert",
              keys.resolve("server.pem").toString(),
              "--key",
              keys.resolve("server.key").toString()));
    }
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("ETCDCTL_API", "3");
    Process call =
        builder.redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
    return call.waitFor() == 0;
  }

  @Override
  public void close() throws Exception {
    process.destroyForcibly().waitFor();
  }

  static boolean answers(int port) {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      return socket.isConnected();
    } catch (IOException e) {
      return false;
    }
  }

  static int freePort() {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
