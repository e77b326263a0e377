package io.kvbm.backend.remote;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.remote.RemoteAccess;
import io.kvbm.api.remote.RemotePeer;
import io.kvbm.api.remote.RemoteRegistration;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.transfer.BlockOutcome;
import io.kvbm.api.transfer.TransferBatch;
import io.kvbm.backend.remote.provider.RemoteBackendProvider;
import io.kvbm.backend.remote.tcp.Reached;
import io.kvbm.testkit.BytePatterns;
import io.kvbm.testkit.HostStorage;
import io.kvbm.testkit.RecordingCompletion;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What goes by the data path, what does not, and what its end costs. */
@Timeout(60)
@SuppressWarnings("try") // what is closed when is what is tested
class UcxAgentTest {

  private static final int MIB = 1 << 20;

  @BeforeEach
  void needsUcx() {
    UcxAgents.require();
  }

  @Test
  void readsAndWritesGoByThePathAndTheRestOverTcp() {
    try (TwoAgents two = new TwoAgents(UcxAgents.CONFIG, UcxAgents.CONFIG);
        HostStorage there = new HostStorage(3 * MIB + 5);
        HostStorage here = new HostStorage(3 * MIB + 5)) {
      RemotePeer peer = two.connect();
      assertThat(peer.transport()).isEqualTo("ucx");
      Storage mapped = peer.map(two.export(there));
      UcxAgents.awaitPath(mapped);
      BytePatterns.fill(here.mutableView(), 4);
      two.copy(here, 0, mapped, 0, here.byteSize()).awaitDone();
      BytePatterns.verify(there.view(), 4, "written");
      here.memset(0, 0, here.byteSize());
      two.copy(mapped, 0, here, 0, here.byteSize()).awaitDone();
      BytePatterns.verify(here.view(), 4, "read");
      assertThat(two.near.statistics().bytesRead()).isEqualTo(here.byteSize());
      assertThat(two.near.statistics().bytesWritten()).isEqualTo(here.byteSize());
      assertThat(two.far.statistics().bytesServed()).as("served over tcp").isZero();
      mapped.memset(9, 1, 10);
      BytePatterns.verifyAll(there.view().asSlice(1, 10), (byte) 9, "filled");
    }
  }

  @Test
  void whatPeersMayNotWriteIsReadOverTcpUnlessTheyAreTrusted() {
    for (boolean trusted : new boolean[] {false, true}) {
      BackendConfig far = UcxAgents.CONFIG.with("ucxTrustPeers", Boolean.toString(trusted));
      try (TwoAgents two = new TwoAgents(far, UcxAgents.CONFIG);
          HostStorage there = new HostStorage(MIB);
          HostStorage here = new HostStorage(MIB)) {
        Storage mapped = two.connect().map(two.far.register(there, RemoteAccess.READ));
        if (trusted) {
          UcxAgents.awaitPath(mapped);
        } else {
          two.copy(mapped, 0, here, 0, 1).awaitDone(); // one after the question for the key
          assertThat(Reached.byPath(mapped)).isFalse();
        }
        two.copy(mapped, 0, here, 0, MIB).awaitDone();
        // Bytes are counted as served a moment after they were sent.
        long expected = trusted ? 0 : MIB + 1;
        TwoAgents.await(() -> two.far.statistics().bytesServed() == expected);
        two.copy(here, 0, mapped, 0, MIB).awaitFailure(0);
      }
    }
  }

  @Test
  void aSmallBudgetAndCancelledBatchesLeaveNothingBehind() {
    BackendConfig small =
        UcxAgents.CONFIG
            .with("maxFrame", "64KiB")
            .with("maxInFlight", "128KiB")
            .with("ucxMaxInFlight", "2");
    try (TwoAgents two = new TwoAgents(UcxAgents.CONFIG, small);
        HostStorage there = new HostStorage(8 * MIB);
        HostStorage here = new HostStorage(8 * MIB)) {
      BytePatterns.fill(there.mutableView(), 6);
      Storage mapped = two.connect().map(two.export(there));
      UcxAgents.awaitPath(mapped);
      TransferBatch.Builder batch = TransferBatch.builder();
      for (int block = 0; block < 80; block++) {
        batch.add(block, mapped, block * 100_003L, here, block * 100_003L, 100_003);
      }
      TransferBatch built = batch.build();
      RecordingCompletion stopping = RecordingCompletion.cancellingAfter(80, 20);
      RecordingCompletion whole = new RecordingCompletion(80);
      two.nearBackend.transports().getFirst().submit(built, stopping);
      two.nearBackend.transports().getFirst().submit(built, whole);
      whole.awaitDone();
      assertThat(stopping.await())
          .allMatch(each -> each.isDone() || each instanceof BlockOutcome.Cancelled)
          .anyMatch(each -> each instanceof BlockOutcome.Cancelled);
      long moved = 80 * 100_003L;
      assertThat(here.view().asSlice(0, moved).mismatch(there.view().asSlice(0, moved)))
          .isEqualTo(-1);
    }
  }

  @Test
  void aPeerThatIsGoneWithoutFarewellCostsThePathAndOthersGoOnOverTcp() throws Exception {
    try (TwoAgents two = new TwoAgents(UcxAgents.CONFIG, UcxAgents.CONFIG);
        Backend third = new RemoteBackendProvider().open(two.context, UcxAgents.CONFIG);
        HostStorage lasting = new HostStorage(MIB);
        HostStorage here = new HostStorage(MIB)) {
      BytePatterns.fill(lasting.mutableView(), 8);
      RemotePeer peer = two.connect();
      Storage mapped = peer.map(two.export(lasting));
      UcxAgents.awaitPath(mapped);
      HostStorage brief = new HostStorage(MIB);
      try (Proxy proxy = new Proxy(two.far.descriptor())) {
        RemotePeer lost =
            third.agents().getFirst().open("third").connect(proxy.descriptor(), TwoAgents.SOON);
        Storage gone = lost.map(two.export(brief));
        UcxAgents.awaitPath(gone);
        proxy.close();
        TwoAgents.await(() -> !lost.isConnected());
      }
      TwoAgents.await(() -> two.far.statistics().connections() == 2);
      brief.close();
      TwoAgents.await(
          () -> {
            two.copy(mapped, 0, here, 0, MIB).await();
            return peer.transport().equals("tcp");
          });
      here.memset(0, 0, MIB);
      two.copy(mapped, 0, here, 0, MIB).awaitDone();
      BytePatterns.verify(here.view(), 8, "over tcp");
      peer.close();
      assertThat(two.connect().transport()).as("another path was opened").isEqualTo("ucx");
      Storage again = two.connect().map(two.export(new HostStorage(64)));
      UcxAgents.awaitPath(again);
    }
  }

  @Test
  void memoryOfAPeerThatDoesNotAnswerIsFreedOnlyAfterThePathIsClosed() throws Exception {
    BackendConfig brief = UcxAgents.CONFIG.with("drainTimeout", "200ms");
    try (TwoAgents two = new TwoAgents(brief, brief);
        Proxy proxy = new Proxy(two.far.descriptor());
        HostStorage here = new HostStorage(8 * MIB)) {
      HostStorage there = new HostStorage(8 * MIB);
      BytePatterns.fill(there.mutableView(), 5);
      RemotePeer peer = two.connect(proxy.descriptor());
      Storage mapped = peer.map(two.export(there));
      UcxAgents.awaitPath(mapped);
      proxy.stall();
      CompletableFuture<Void> reader =
          CompletableFuture.runAsync(
              () -> readUntilItFails(two, mapped, here), Thread::startVirtualThread);
      there.unregister(RemoteRegistration.KEY);
      there.memset(0, 0, 8 * MIB);
      TwoAgents.await(() -> peer.transport().equals("tcp") || reader.isDone());
      there.close(); // Unmapped: a copy that came late would end the JVM.
      proxy.close();
      reader.get(20, TimeUnit.SECONDS);
      TwoAgents.await(() -> !peer.isConnected());
      assertThat(two.connect().transport()).isEqualTo("ucx");
    }
  }

  private static void readUntilItFails(TwoAgents two, Storage mapped, HostStorage here) {
    while (two.copy(mapped, 0, here, 0, 8 * MIB).await().getFirst().isDone()) {
      BytePatterns.verify(here.view(), 5, "read");
    }
  }

  @Test
  void automaticTransportTriesBothWhereDevicesAreNamed() {
    BackendConfig named = BackendConfig.of("ucxDevices", "lo");
    try (TwoAgents two = new TwoAgents(named, named);
        HostStorage there = new HostStorage(MIB);
        HostStorage here = new HostStorage(MIB)) {
      BytePatterns.fill(there.mutableView(), 2);
      RemotePeer peer = two.connect();
      Storage mapped = peer.map(two.export(there));
      // Five reads each way.
      TwoAgents.await(() -> two.near.statistics().bytesRead() == 10L * MIB);
      TwoAgents.await(() -> Reached.decided(mapped));
      two.copy(mapped, 0, here, 0, MIB).awaitDone();
      BytePatterns.verify(here.view(), 2, "either way");
      long served = peer.transport().equals("ucx") ? 5 : 6;
      TwoAgents.await(() -> two.far.statistics().bytesServed() == served * MIB);
    }
  }
}
