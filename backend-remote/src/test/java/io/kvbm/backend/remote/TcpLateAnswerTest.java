package io.kvbm.backend.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.remote.RemotePeer;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.storage.Storage;
import io.kvbm.backend.remote.wire.BodyWriter;
import io.kvbm.testkit.HostStorage;
import java.time.Duration;
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
      assertThat(two.far.statistics().refused()).isZero();
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
