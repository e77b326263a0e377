package io.kvbm.backend.remote;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.remote.AgentDescriptor;
import io.kvbm.api.remote.ExportedStorage;
import io.kvbm.api.remote.RemoteRegistration;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.backend.remote.wire.BodyWriter;
import io.kvbm.backend.remote.wire.FrameType;
import io.kvbm.testkit.HostStorage;
import java.util.Arrays;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Peers that stall on one connection while another gives signs of life: the server ends both. */
@Timeout(60)
class TcpStallTest {

  private static final int SIZE = 1 << 20;
  private static final BackendConfig IMPATIENT = BackendConfig.of("requestTimeout", "400ms");

  /** What a stalling peer does with its second connection. */
  private interface Stall {
    void begin(RawClient client, ExportedStorage exported);
  }

  private static void assertEnded(Stall stall) throws Exception {
    try (TwoAgents two = new TwoAgents(IMPATIENT, BackendConfig.empty());
        HostStorage there = new HostStorage(SIZE);
        RawClient lively = new RawClient(two.far.descriptor());
        RawClient stalled = new RawClient(two.far.descriptor())) {
      AgentDescriptor far = two.far.descriptor();
      ExportedStorage exported = two.export(there);
      long session = lively.authenticate(far, new byte[0], 0);
      stalled.authenticate(far, new byte[0], session);
      Thread staller = Thread.ofVirtual().start(() -> stall.begin(stalled, exported));
      int pings = 0;
      long end = System.nanoTime() + TwoAgents.SOON.toNanos();
      while (System.nanoTime() < end
          && lively.send(WireFrame.of(FrameType.PING, new byte[0]).withNumber(lively.next()))
          && lively.receive() != null) {
        pings++;
        LockSupport.parkNanos(5_000_000);
      }
      assertThat(System.nanoTime()).as("the server ended it").isLessThan(end);
      assertThat(pings).as("signs of life that were answered").isPositive();
      TwoAgents.await(() -> two.far.statistics().connections() == 0);
      staller.join();
      there.unregister(RemoteRegistration.KEY);
      assertThat(two.connect().ping(TwoAgents.SOON)).isPositive();
    }
  }

  @Test
  void aWriteThatIsNeverSaidWholeIsNotWaitedForForEver() throws Exception {
    assertEnded(
        (client, exported) -> {
          BodyWriter body = new BodyWriter().putBytes(exported.key()).putLong(0);
          byte[] whole =
              WireFrame.of(FrameType.WRITE, body.toBytes())
                  .withPayload(new byte[SIZE])
                  .withNumber(client.next())
                  .encode();
          client.send(Arrays.copyOf(whole, whole.length / 2));
        });
  }

  @Test
  void aHeaderThatIsNeverSaidWholeIsNotWaitedForForEver() throws Exception {
    assertEnded((client, _) -> client.send(new byte[7]));
  }

  @Test
  void smallAnswersThatNobodyTakesDoNotPileUp() throws Exception {
    assertEnded(
        (client, _) -> {
          boolean open = true;
          for (int i = 0; i < 2_000_000 && open; i++) {
            open = client.send(WireFrame.of(FrameType.PING, new byte[0]).withNumber(client.next()));
          }
          assertThat(open).as("64 MB of requests were taken from who reads no answer").isFalse();
        });
  }

  @Test
  void answersThatNobodyTakesAreNotKeptForEver() throws Exception {
    assertEnded(
        (client, exported) -> {
          byte[] read = new BodyWriter().putBytes(exported.key()).putLong(0).putInt(SIZE).toBytes();
          for (int i = 0; i < 64; i++) {
            client.send(WireFrame.of(FrameType.READ, read).withNumber(client.next()));
          }
        });
  }
}
