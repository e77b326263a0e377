package io.kvbm.backend.remote.ucx;

import io.kvbm.backend.remote.path.PathExport;
import io.kvbm.backend.remote.path.PathMemory;
import io.kvbm.backend.remote.path.PathPeer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.concurrent.Semaphore;

/** A process of its own that reads and writes memory of this one, many copies at once. */
final class UcxCopyingProcess implements AutoCloseable {

  private static final int IN_FLIGHT = 16;

  private final Process process;

  /** Returns when copies are on their way. */
  UcxCopyingProcess(UcxPath path, PathExport export, long byteSize) throws Exception {
    process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx64m",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                UcxCopyingProcess.class.getName(),
                HexFormat.of().formatHex(path.address()),
                HexFormat.of().formatHex(export.key()),
                Long.toString(export.address()),
                Long.toString(byteSize))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    if (process.getInputStream().read() < 0) {
      throw new AssertionError("the peer ended with " + process.waitFor());
    }
  }

  public static void main(String[] args) throws Exception {
    long byteSize = Long.parseLong(args[3]);
    try (Arena arena = Arena.ofShared();
        UcxPath path = new UcxPath(UcxOptions.DEFAULTS);
        PathPeer peer = path.connect(HexFormat.of().parseHex(args[0]))) {
      MemorySegment local = arena.allocate(byteSize);
      byte[] key = HexFormat.of().parseHex(args[1]);
      PathMemory memory = peer.open(key, Long.parseLong(args[2]), byteSize);
      Semaphore free = new Semaphore(IN_FLIGHT);
      for (int i = 0; peer.isConnected(); i++) {
        free.acquire();
        if (i % 2 == 0) {
          peer.read(memory, 0, local, _ -> free.release());
        } else {
          peer.write(local, memory, 0, _ -> free.release());
        }
        if (i == 2 * IN_FLIGHT) {
          System.out.println();
        }
      }
    }
  }

  /** Ends it, with copies on their way. */
  void kill() throws Exception {
    process.destroyForcibly().waitFor();
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
