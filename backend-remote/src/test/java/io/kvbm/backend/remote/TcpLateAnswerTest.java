package io.kvbm.backend.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.remote.RemotePeer;
import io.kvbm.api.remote.RemoteRegistration;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.storage.Storage;
import io.kvbm.backend.remote.wire.BodyWriter;
import io.kvbm.backend.remote.wire.FrameType;
import io.kvbm.testkit.HostStorage;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Answers that come after their time grant nothing, and take nothing away. */
@Timeout(60)
class TcpLateAnswerTest {

  private static final BackendConfig OFFERING = BackendConfig.of("offer", "1MiB");

  /** Its block set looks like the number of a grant. */
  private static final class NumberedService extends PlainService {
    @Override
    public CompletionStage<byte[]> blockSet(String peer) {
      return CompletableFuture.completedStage(new BodyWriter().putLong(1).toBytes());
    }
  }

  private static void assertLate(Runnable call) {
    assertThatThrownBy(call::run)
        .satisfies(
            e ->
                assertThat(((KvbmException) (e instanceof KvbmException ? e : e.getCause())).code())
                    .isEqualTo(ErrorCode.DEADLINE_EXCEEDED));
  }

  @Test
  void memoryThatIsGrantedTooLateIsGivenBackOnce() throws Exception {
    BackendConfig impatient = BackendConfig.of("requestTimeout", "300ms").with("streams", "1");
    try (TwoAgents two = new TwoAgents(OFFERING, impatient);
        Proxy proxy = new Proxy(two.far.descriptor());
        HostStorage here = new HostStorage(4096)) {
      RemotePeer peer = two.connect(proxy.descriptor());
      Storage kept = peer.allocator().allocate(4096);
      proxy.stallAnswers();
      assertLate(() -> peer.allocator().allocate(8192));
      TwoAgents.await(() -> two.far.statistics().reservedBytes() == 4096 + 8192);
      proxy.heal();
      TwoAgents.await(() -> two.far.statistics().reservedBytes() == 4096);
      two.copy(here, 0, kept, 0, 4096).awaitDone();
      peer.close();
      DataInputStream said = new DataInputStream(new ByteArrayInputStream(proxy.recorded()));
      int returned = 0;
      for (WireFrame one = WireFrame.read(said); one != null; one = WireFrame.read(said)) {
        assertThat(one.is(FrameType.GIVE_BACK)).isFalse();
        returned += one.is(FrameType.FREE) ? 1 : 0;
      }
      assertThat(returned).isEqualTo(1);
    }
  }

  @Test
  void everyRequestHasOneAnswerAndOneThatIsCancelledKeepsNothing() throws Exception {
    try (TwoAgents two = new TwoAgents(OFFERING, BackendConfig.empty());
        RawClient client = new RawClient(two.far.descriptor())) {
      client.authenticate(two.far.descriptor(), new byte[0], 0);
      for (int round = 0; round < 300; round++) {
        long asked = client.next();
        byte[] body = new BodyWriter().putLong(4096).putLong(64).toBytes();
        client.send(WireFrame.of(FrameType.ALLOCATE, body).withNumber(asked));
        byte[] number = new BodyWriter().putLong(asked).toBytes();
        client.send(WireFrame.of(FrameType.CANCEL, number).withNumber(client.next()));
        WireFrame answer = client.receive();
        assertThat(answer.number()).isEqualTo(asked);
        if (answer.status() == 0) {
          byte[] granted = Arrays.copyOf(answer.body(), Long.BYTES);
          long freed = client.next();
          client.send(WireFrame.of(FrameType.FREE, granted).withNumber(freed));
          assertThat(client.receive().number()).isEqualTo(freed);
        }
      }
      TwoAgents.await(() -> two.far.statistics().reservedBytes() == 0);
    }
  }

  @Test
  void aFillThatIsRefusedForLackOfRoomDoesNotStayInTheExport() throws Exception {
    CompletableFuture<byte[]> never = new CompletableFuture<>();
    PlainService waiting =
        new PlainService() {
          @Override
          public CompletionStage<byte[]> blockSet(String peer) {
            return never;
          }
        };
    try (TwoAgents two =
            new TwoAgents(BackendConfig.of("drainTimeout", "300ms"), BackendConfig.empty());
        HostStorage there = new HostStorage(4096);
        RawClient client = new RawClient(two.far.descriptor())) {
      two.far.serve(waiting);
      client.authenticate(two.far.descriptor(), new byte[0], 0);
      for (int i = 0; i < 1024; i++) {
        client.send(WireFrame.of(FrameType.BLOCK_SET, new byte[0]).withNumber(client.next()));
      }
      byte[] key = two.export(there).key();
      byte[] fill = new BodyWriter().putBytes(key).putLong(0).putLong(64).putByte(1).toBytes();
      client.send(WireFrame.of(FrameType.FILL, fill).withNumber(client.next()));
      assertThat(new String(client.receive().body(), StandardCharsets.UTF_8))
          .contains("QUEUE_FULL");
      there.unregister(RemoteRegistration.KEY); // cuts whoever is still inside
      assertThat(client.receive().is(FrameType.REVOKE)).isTrue();
      long ping = client.next();
      client.send(WireFrame.of(FrameType.PING, new byte[0]).withNumber(ping));
      assertThat(client.receive().number()).isEqualTo(ping);
      never.complete(new byte[0]);
    }
  }

  @Test
  void aBlockSetThatComesTooLateFreesNothing() throws Exception {
    try (TwoAgents two = new TwoAgents(OFFERING, BackendConfig.of("streams", "1"));
        Proxy proxy = new Proxy(two.far.descriptor());
        HostStorage here = new HostStorage(4096)) {
      two.far.serve(new NumberedService());
      RemotePeer peer = two.connect(proxy.descriptor());
      Storage kept = peer.allocator().allocate(4096); // the first thing granted: number 1
      proxy.stallAnswers();
      assertLate(() -> peer.blockSet(Duration.ofMillis(200)).toCompletableFuture().join());
      proxy.heal();
      assertThat(peer.ping(TwoAgents.SOON)).isPositive();
      assertThat(peer.ping(TwoAgents.SOON)).isPositive();
      two.copy(here, 0, kept, 0, 4096).awaitDone();
      assertThat(two.far.statistics().reservedBytes()).isEqualTo(4096);
    }
  }
}
