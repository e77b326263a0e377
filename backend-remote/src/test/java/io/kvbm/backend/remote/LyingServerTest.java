package io.kvbm.backend.remote;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.KvbmException;
import io.kvbm.api.TransientException;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.remote.ExportedStorage;
import io.kvbm.api.remote.LoanRequest;
import io.kvbm.api.remote.RemoteAgent;
import io.kvbm.api.remote.RemotePeer;
import io.kvbm.api.remote.ShardMove;
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
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A server that lies may fail every call, with an error of ours; none hangs, none harms memory. */
@Timeout(60)
class LyingServerTest {

  private static final int ROUNDS = 1500;
  private static final int SIZE = 16 << 10;
  private static final int GUARD = 4096;

  private final long seed = new Random().nextLong();
  private final Random random = new Random(seed);
  private int answered;
  private int failed;

  @Test
  void everyCallEndsWithAnAnswerOrAnErrorOfOurs() throws Exception {
    System.out.println("seed " + seed);
    BackendConfig config =
        BackendConfig.of("streams", "1")
            .with("requestTimeout", "3s")
            .with("connectTimeout", "3s")
            .with("drainTimeout", "20ms");
    try (TestContext context = new TestContext();
        Backend backend = new RemoteBackendProvider().open(context, config);
        RemoteAgent agent = backend.agents().getFirst().open("lied-to");
        LyingServer server = new LyingServer(seed);
        HostStorage local = new HostStorage(SIZE + 2 * GUARD)) {
      server.lie(3);
      for (int round = 0; round < ROUNDS; round++) {
        try {
          call(backend, connectOnceItStays(agent, server), local);
          answered++;
        } catch (KvbmException e) {
          assertThat(e.getMessage()).as("seed %d", seed).doesNotContain("\n");
          failed++;
        } catch (RuntimeException | AssertionError e) {
          throw new AssertionError("seed %d, round %d".formatted(seed, round), e);
        }
      }
      assertThat(answered).as("answered, seed %d", seed).isGreaterThan(ROUNDS / 20);
      assertThat(failed).as("failed, seed %d", seed).isGreaterThan(ROUNDS / 20);
      BytePatterns.verifyAll(local.view().asSlice(0, GUARD), (byte) 5, "before");
      BytePatterns.verifyAll(local.view().asSlice(GUARD + SIZE), (byte) 5, "behind");
      server.lie(0);
      connectOnceItStays(agent, server).close();
      RemotePeer peer = agent.connect(server.descriptor(), TwoAgents.SOON);
      assertThat(peer.ping(TwoAgents.SOON)).isPositive();
      call(backend, peer, local);
    }
  }

  @Test
  void aServerThatSaysItClosesAndStaysIsLeftAndMayBeConnectedToAgain() throws Exception {
    try (TestContext context = new TestContext();
        Backend backend =
            new RemoteBackendProvider().open(context, BackendConfig.of("drainTimeout", "200ms"));
        RemoteAgent agent = backend.agents().getFirst().open("told");
        LyingServer server = new LyingServer(seed)) {
      RemotePeer first = agent.connect(server.descriptor(), TwoAgents.SOON);
      server.sayItCloses();
      while (first.isConnected()) {
        Thread.sleep(1);
      }
      RemotePeer second = connectOnceItStays(agent, server);
      assertThat(second).isNotSameAs(first);
      assertThat(second.ping(TwoAgents.SOON)).isPositive();
      assertThat(first.isConnected()).isFalse();
    }
  }

  /** It may have said that it closes, and is believed for a moment. */
  private static RemotePeer connectOnceItStays(RemoteAgent agent, LyingServer server)
      throws InterruptedException {
    while (true) {
      try {
        return agent.connect(server.descriptor(), TwoAgents.SOON);
      } catch (TransientException e) {
        if (!e.getMessage().contains("is closing")) {
          throw e;
        }
        Thread.sleep(5);
      }
    }
  }

  private void call(Backend backend, RemotePeer peer, HostStorage local) {
    switch (random.nextInt(8)) {
      case 0, 1 -> read(backend, peer, local);
      case 2 -> write(backend, peer, local);
      case 3 -> await(peer.borrow(new LoanRequest(1, keys(), Duration.ofSeconds(3)))).close();
      case 4 ->
          await(
              peer.move(
                  new ShardMove(0, new int[] {1, 2}, 1, new int[] {3, 4}, Duration.ofSeconds(3))));
      case 5 -> await(peer.blockSet(Duration.ofSeconds(3)));
      case 6 -> peer.allocator().allocate(4096).close();
      default -> mapped(peer).memset(1, 0, 16);
    }
  }

  private static List<BlockKey> keys() {
    return List.of(new BlockKey(0, 0), new BlockKey(1, 1));
  }

  private static Storage mapped(RemotePeer peer) {
    byte[] key = new byte[16];
    key[3] = 1;
    return peer.map(new ExportedStorage(key, SIZE, StorageType.SYSTEM, true));
  }

  private void read(Backend backend, RemotePeer peer, HostStorage local) {
    local.memset(5, 0, SIZE + 2 * GUARD);
    RecordingCompletion completion = new RecordingCompletion(1, TwoAgents.SOON);
    submit(backend, mapped(peer), 0, local, GUARD, completion);
    requireDone(completion);
    BytePatterns.verifyAll(
        local.view().asSlice(GUARD, SIZE), (byte) 64, "what the server says it has");
    BytePatterns.verifyAll(local.view().asSlice(0, GUARD), (byte) 5, "before");
    BytePatterns.verifyAll(local.view().asSlice(GUARD + SIZE), (byte) 5, "behind");
  }

  private void write(Backend backend, RemotePeer peer, HostStorage local) {
    RecordingCompletion completion = new RecordingCompletion(1, TwoAgents.SOON);
    submit(backend, local, GUARD, mapped(peer), 0, completion);
    requireDone(completion);
  }

  private static void submit(
      Backend backend, Storage from, long at, Storage to, long there, RecordingCompletion end) {
    backend
        .transports()
        .getFirst()
        .submit(TransferBatch.builder().add(0, from, at, to, there, SIZE).build(), end);
  }

  private static void requireDone(RecordingCompletion completion) {
    if (completion.await().getFirst() instanceof BlockOutcome.Failed refused) {
      throw refused.cause();
    }
  }

  private static <T> T await(CompletionStage<T> stage) {
    try {
      return stage
          .toCompletableFuture()
          .orTimeout(TwoAgents.SOON.toNanos(), TimeUnit.NANOSECONDS)
          .join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof KvbmException known ? known : e;
    }
  }
}
