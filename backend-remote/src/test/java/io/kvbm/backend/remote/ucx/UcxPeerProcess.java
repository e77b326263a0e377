package io.kvbm.backend.remote.ucx;

import io.kvbm.backend.remote.path.PathExport;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HexFormat;

/** A process of its own that exports memory until its standard input ends. */
final class UcxPeerProcess implements AutoCloseable {

  static final int BYTE_SIZE = 16 << 20;

  final Process process;
  final byte[] address;
  final byte[] key;
  final long base;

  UcxPeerProcess(boolean busyPoll) throws Exception {
    process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx64m",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                UcxPeerProcess.class.getName(),
                Boolean.toString(busyPoll))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    BufferedReader out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    String line = out.readLine();
    if (line == null) {
      throw new AssertionError("the peer ended with " + process.waitFor());
    }
    String[] words = line.split(" ");
    address = HexFormat.of().parseHex(words[0]);
    key = HexFormat.of().parseHex(words[1]);
    base = Long.parseLong(words[2]);
  }

  public static void main(String[] args) throws Exception {
    UcxOptions options = UcxOptions.DEFAULTS.withBusyPoll(Boolean.parseBoolean(args[0]));
    try (Arena arena = Arena.ofShared();
        UcxPath path = new UcxPath(options)) {
      MemorySegment bytes = arena.allocate(BYTE_SIZE, 4096);
      Ucx.fill(bytes, 42);
      PathExport export = path.export(bytes);
      System.out.printf(
          "%s %s %d%n",
          HexFormat.of().formatHex(path.address()),
          HexFormat.of().formatHex(export.key()),
          export.address());
      System.in.read();
    }
  }

  void signal(String name) throws Exception {
    new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor();
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
