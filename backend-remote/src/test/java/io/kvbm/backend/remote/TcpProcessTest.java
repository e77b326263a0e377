package io.kvbm.backend.remote;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.ErrorCode;
import io.kvbm.api.remote.RemoteAgent;
import io.kvbm.api.remote.RemotePeer;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.transfer.BlockOutcome;
import io.kvbm.api.transfer.TransferBatch;
import io.kvbm.backend.remote.provider.RemoteBackendProvider;
import io.kvbm.testkit.BytePatterns;
import io.kvbm.testkit.HostStorage;
import io.kvbm.testkit.RecordingCompletion;
import io.kvbm.testkit.TestContext;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Agents in processes of their own, which are killed, or whose network loses packets. */
@Timeout(90)
@SuppressWarnings("try") // what is closed when is what is tested
class TcpProcessTest {

  private static final long SIZE = 64 << 20;
  private static final int IN_FLIGHT = 8;

  /** Longer than a completion is waited for: only a lost connection can end a read before. */
  private static final BackendConfig PATIENT =
      BackendConfig.of("requestTimeout", "10m").with("idleTimeout", "10m");

  private static RecordingCompletion read(Backend backend, Storage there, HostStorage here) {
    RecordingCompletion completion = new RecordingCompletion(1, TwoAgents.SOON);
    backend
        .transports()
        .getFirst()
        .submit(TransferBatch.builder().add(0, there, 0, here, 0, SIZE).build(), completion);
    return completion;
  }

  @Test
  void aPeerKilledWhileItServesIsLostAtOnceAndAnotherTakesItsPlace() throws Exception {
    try (TestContext context = new TestContext();
        Backend backend = new RemoteBackendProvider().open(context, PATIENT);
        RemoteAgent agent = backend.agents().getFirst().open("survivor");
        HostStorage here = new HostStorage(SIZE);
        AgentProcess next = new AgentProcess(List.of(), "serve", "second", "65536")) {
      try (AgentProcess victim =
          new AgentProcess(List.of(), "serve", "victim", Long.toString(SIZE))) {
        String description = victim.line();
        RemotePeer peer =
            agent.connect(AgentProcess.descriptor(description), Duration.ofSeconds(20));
        Storage there = peer.map(AgentProcess.exported(description));
        read(backend, there, here).awaitDone();
        BytePatterns.verify(here.view(), AgentProcess.SEED, "read before the end");
        List<RecordingCompletion> flying = new ArrayList<>();
        for (int i = 0; i < IN_FLIGHT; i++) {
          flying.add(read(backend, there, here));
        }
        flying.getFirst().await(); // seven others are on their way, or wait for their turn
        victim.process.destroyForcibly();
        int lost = 0;
        for (RecordingCompletion one : flying) {
          if (one.await().getFirst() instanceof BlockOutcome.Failed failed) {
            assertThat(failed.cause().code()).isEqualTo(ErrorCode.DISCONNECTED);
            lost++;
          }
        }
        assertThat(lost).as("reads the death has ended").isPositive();
        TwoAgents.await(() -> !peer.isConnected());
        assertThat(read(backend, there, here).awaitFailure(0).code())
            .isEqualTo(ErrorCode.DISCONNECTED);
        TwoAgents.await(() -> agent.statistics().connections() == 0);
      }
      String description = next.line();
      RemotePeer peer = agent.connect(AgentProcess.descriptor(description), TwoAgents.SOON);
      Storage there = peer.map(AgentProcess.exported(description));
      RecordingCompletion completion = new RecordingCompletion(1);
      backend
          .transports()
          .getFirst()
          .submit(TransferBatch.builder().add(0, there, 0, here, 0, 65_536).build(), completion);
      completion.awaitDone();
      BytePatterns.verify(
          here.view().asSlice(0, 65_536), AgentProcess.SEED, "read from the next process");
    }
  }

  @Test
  void whatArrivesOverALossyNetworkIsRight() throws Exception {
    int blocks = 64;
    try (LossyNetwork network = new LossyNetwork(5);
        AgentProcess server =
            new AgentProcess(
                network.inside(),
                "serve",
                "lossy",
                Long.toString((long) blocks * AgentProcess.BLOCK));
        AgentProcess reader = new AgentProcess(network.inside(), "read", server.line())) {
      List<String> outcomes = new ArrayList<>();
      for (int block = 0; block < blocks; block++) {
        outcomes.add(reader.line());
      }
      assertThat(network.lost()).as("packets lost").isPositive();
      assertThat(outcomes)
          .isSubsetOf("RIGHT", ErrorCode.DEADLINE_EXCEEDED.name(), ErrorCode.DISCONNECTED.name())
          .contains("RIGHT");
    }
  }
}
