package io.kvbm.backend.remote;

import io.kvbm.api.remote.AgentDescriptor;
import io.kvbm.api.remote.AgentEndpoint;
import io.kvbm.api.remote.ExportedStorage;
import io.kvbm.api.remote.RemoteAccess;
import io.kvbm.api.remote.RemoteAgent;
import io.kvbm.api.remote.RemotePeer;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.storage.StorageType;
import io.kvbm.api.transfer.BlockOutcome;
import io.kvbm.api.transfer.TransferBatch;
import io.kvbm.backend.remote.provider.RemoteBackendProvider;
import io.kvbm.testkit.BytePatterns;
import io.kvbm.testkit.HostStorage;
import io.kvbm.testkit.RecordingCompletion;
import io.kvbm.testkit.TestContext;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * An agent in a process of its own. {@code serve NAME BYTES} exports patterned memory, says how it
 * is reached, and stays until its input ends; {@code read DESCRIPTION} reads such memory in blocks
 * and says what became of each.
 */
final class AgentProcess implements AutoCloseable {

  static final long SEED = 42;
  static final int BLOCK = 256 << 10;
  private static final BackendConfig PATIENT = BackendConfig.of("connectTimeout", "20s");

  final Process process;
  private final BufferedReader out;

  /**
   * @param before what comes before the command, such as {@code ip netns exec NAME}
   */
  AgentProcess(List<String> before, String... arguments) throws IOException {
    List<String> command = new ArrayList<>(before);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "-Xmx64m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            AgentProcess.class.getName()));
    command.addAll(List.of(arguments));
    process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  /** {@return the next line it says} */
  String line() throws Exception {
    String line = out.readLine();
    if (line == null) {
      throw new AssertionError("the process ended with " + process.waitFor());
    }
    return line;
  }

  static AgentDescriptor descriptor(String description) {
    String[] words = description.split(" ");
    return new AgentDescriptor(
        words[0], Long.parseLong(words[1]), List.of(new AgentEndpoint("tcp", words[2])));
  }

  static ExportedStorage exported(String description) {
    String[] words = description.split(" ");
    return new ExportedStorage(
        HexFormat.of().parseHex(words[3]), Long.parseLong(words[4]), StorageType.SYSTEM, false);
  }

  public static void main(String[] args) throws Exception {
    try (TestContext context = new TestContext();
        Backend backend = new RemoteBackendProvider().open(context, PATIENT)) {
      if (args[0].equals("serve")) {
        serve(backend, args[1], Long.parseLong(args[2]));
      } else {
        read(backend, args[1]);
      }
    }
  }

  private static void serve(Backend backend, String name, long byteSize) throws IOException {
    try (RemoteAgent agent = backend.agents().getFirst().open(name);
        HostStorage storage = new HostStorage(byteSize)) {
      BytePatterns.fill(storage.mutableView(), SEED);
      ExportedStorage exported = agent.register(storage, RemoteAccess.READ);
      System.out.printf(
          "%s %d %s %s %d%n",
          name,
          agent.descriptor().generation(),
          agent.descriptor().endpoints().getFirst().address(),
          HexFormat.of().formatHex(exported.key()),
          byteSize);
      System.in.read();
    }
  }

  private static void read(Backend backend, String description) {
    ExportedStorage exported = exported(description);
    int blocks = Math.toIntExact(exported.byteSize() / BLOCK);
    try (RemoteAgent agent = backend.agents().getFirst().open("reader");
        HostStorage storage = new HostStorage(exported.byteSize());
        HostStorage expected = new HostStorage(exported.byteSize())) {
      BytePatterns.fill(expected.mutableView(), SEED);
      RemotePeer peer = agent.connect(descriptor(description), Duration.ofSeconds(20));
      Storage there = peer.map(exported);
      TransferBatch.Builder batch = TransferBatch.builder();
      for (int block = 0; block < blocks; block++) {
        batch.add(block, there, (long) block * BLOCK, storage, (long) block * BLOCK, BLOCK);
      }
      RecordingCompletion completion = new RecordingCompletion(blocks);
      backend.transports().getFirst().submit(batch.build(), completion);
      List<BlockOutcome> outcomes = completion.await();
      for (int block = 0; block < blocks; block++) {
        System.out.println(
            switch (outcomes.get(block)) {
              case BlockOutcome.Failed failed -> failed.cause().code();
              case BlockOutcome.Cancelled _ -> "CANCELLED";
              case BlockOutcome.Done _ -> isRight(storage, expected, block) ? "RIGHT" : "WRONG";
            });
      }
    }
  }

  private static boolean isRight(HostStorage storage, HostStorage expected, int block) {
    long at = (long) block * BLOCK;
    return storage.view().asSlice(at, BLOCK).mismatch(expected.view().asSlice(at, BLOCK)) < 0;
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
