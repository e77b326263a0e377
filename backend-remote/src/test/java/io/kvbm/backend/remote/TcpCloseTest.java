package io.kvbm.backend.remote;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.KvbmException;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.storage.Storage;
import io.kvbm.testkit.TestContext;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class TcpCloseTest {

  private static final int THREADS = 4;

  /** The loop of one connection may have ended when another one's end is told. */
  @Test
  void whatIsAskedWhileTheBackendClosesEnds() throws Exception {
    BackendConfig config = BackendConfig.of("streams", "4");
    for (int round = 0; round < 10; round++) {
      try (TestContext context = new TestContext()) {
        Backend backend = new ReservingProvider().open(context, config);
        CountDownLatch busy = new CountDownLatch(THREADS);
        List<CompletableFuture<KvbmException>> ends = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
          ends.add(
              CompletableFuture.supplyAsync(
                  () -> useUntilItEnds(backend, busy), Thread::startVirtualThread));
        }
        busy.await();
        backend.close();
        for (CompletableFuture<KvbmException> end : ends) {
          assertThat(end.get(TwoAgents.SOON.toSeconds(), TimeUnit.SECONDS)).isNotNull();
        }
      }
    }
  }

  private static KvbmException useUntilItEnds(Backend backend, CountDownLatch busy) {
    boolean isBusy = false;
    while (true) {
      try (Storage storage = backend.allocators().getFirst().allocate(5000)) {
        storage.memset(1, 0, 10);
      } catch (KvbmException e) {
        return e;
      } finally {
        if (!isBusy) {
          isBusy = true;
          busy.countDown();
        }
      }
    }
  }
}
