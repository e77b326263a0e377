package io.kvbm.bench.transfer;

import io.kvbm.api.remote.AgentEndpoint;
import io.kvbm.api.remote.ExportedStorage;
import io.kvbm.api.remote.RemoteAccess;
import io.kvbm.api.remote.RemoteAgent;
import io.kvbm.api.storage.RegistrableStorage;
import io.kvbm.api.storage.Storage;
import io.kvbm.core.Platform;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * The other process: an agent with memory to be read, and a plain socket. It says on one line how
 * to reach both and ends with its standard input.
 */
final class ServingMain {

  /** What the line begins with. */
  static final String READY = "serving";

  private static final int ONE_CLIENT_BUSY_ONE_WAITING = 2;

  private ServingMain() {}

  /**
   * Serves until standard input ends.
   *
   * @param arguments bytes of memory, bytes of a plain answer, then {@code key=value} of the
   *     backend
   */
  public static void main(String[] arguments) throws IOException {
    long byteSize = Long.parseLong(arguments[0]);
    int answerBytes = Integer.parseInt(arguments[1]);
    List<String> settings = List.of(arguments).subList(2, arguments.length);
    try (Platform platform = Opened.platform(settings);
        RemoteAgent agent = Opened.agent(platform, "bench-server");
        Storage storage = platform.allocator("system").allocate(byteSize);
        ServerSocket plain =
            new ServerSocket(0, ONE_CLIENT_BUSY_ONE_WAITING, InetAddress.getLoopbackAddress())) {
      storage.memset(0x5a, 0, byteSize);
      ExportedStorage exported =
          agent.register((RegistrableStorage) storage, RemoteAccess.READ_WRITE);
      Thread.ofPlatform().daemon().start(() -> PingPong.answer(plain, answerBytes));
      // No streams of a command line, but a pipe to the parent and one from it.
      try (OutputStream toParent = new FileOutputStream(FileDescriptor.out);
          InputStream fromParent = new FileInputStream(FileDescriptor.in)) {
        String line = line(agent, exported, plain.getLocalPort()) + "\n";
        toParent.write(line.getBytes(StandardCharsets.UTF_8));
        fromParent.transferTo(OutputStream.nullOutputStream()); // until the parent is done, or gone
      }
    }
  }

  private static String line(RemoteAgent agent, ExportedStorage exported, int port) {
    List<String> words = new ArrayList<>();
    words.add(READY);
    words.add(agent.name());
    words.add(Long.toString(agent.descriptor().generation()));
    words.add(HexFormat.of().formatHex(exported.key()));
    words.add(Long.toString(exported.byteSize()));
    words.add(exported.type().toString());
    words.add(Integer.toString(port));
    for (AgentEndpoint endpoint : agent.descriptor().endpoints()) {
      words.add(endpoint.toString());
    }
    return String.join(" ", words);
  }
}
