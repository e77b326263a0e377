package io.kvbm.backend.remote.s3;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** An S3Proxy in a process of its own, over a directory, that can be killed as processes are. */
@SuppressWarnings("try") // waits for the process
final class S3Process implements AutoCloseable {

  private final Path directory;
  private final int port;
  private Process process;

  private S3Process(Path directory) throws Exception {
    this.directory = directory;
    port = start(0);
  }

  static S3Process in(Path directory) throws Exception {
    return new S3Process(directory);
  }

  int port() {
    return port;
  }

  /** Ends it in the middle of whatever it does. */
  void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  void restart() throws Exception {
    start(port);
  }

  private int start(int at) throws Exception {
    String path =
        Stream.of("java.class.path", "jdk.module.path")
            .map(System::getProperty)
            .filter(Objects::nonNull)
            .collect(Collectors.joining(java.io.File.pathSeparator));
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx256m",
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-cp",
            path,
            Serves.class.getName(),
            directory.toString(),
            Integer.toString(at));
    process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    BufferedReader out =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.US_ASCII));
    for (String line; (line = out.readLine()) != null; ) {
      if (line.startsWith("port ")) {
        return Integer.parseInt(line.substring(5));
      }
    }
    throw new IOException("S3Proxy ended with " + process.waitFor());
  }

  @Override
  public void close() throws Exception {
    kill();
  }

  /** The process. */
  static final class Serves {
    public static void main(String[] arguments) throws Exception {
      S3Server server = S3Server.in(Path.of(arguments[0]), Integer.parseInt(arguments[1]));
      System.out.println("port " + server.port());
      TimeUnit.MINUTES.sleep(20);
      System.exit(0);
    }
  }
}
