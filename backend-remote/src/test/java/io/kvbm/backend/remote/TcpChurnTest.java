package io.kvbm.backend.remote;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.remote.RemotePeer;
import io.kvbm.api.remote.RemoteRegistration;
import io.kvbm.api.storage.Storage;
import io.kvbm.testkit.HostStorage;
import java.io.File;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Connecting and leaving a thousand times leaves nothing behind. */
@Timeout(60)
class TcpChurnTest {

  private static int descriptors() {
    return Objects.requireNonNull(new File("/proc/self/fd").list()).length;
  }

  @Test
  void aThousandConnectionsLeaveNothingBehind() {
    try (TwoAgents two = new TwoAgents();
        HostStorage there = new HostStorage(4096);
        HostStorage here = new HostStorage(4096)) {
      int before = 0;
      for (int round = 0; round < 1000; round++) {
        RemotePeer peer = two.connect();
        try (Storage mapped = peer.map(two.export(there))) {
          two.copy(mapped, 0, here, 0, 4096).awaitDone();
        }
        there.unregister(RemoteRegistration.KEY);
        peer.close();
        if (round == 10) {
          before = descriptors();
        }
      }
      TwoAgents.await(() -> two.far.statistics().connections() == 0);
      assertThat(two.near.statistics().connections()).isZero();
      assertThat(two.far.statistics().registeredBytes()).isZero();
      assertThat(descriptors()).isLessThanOrEqualTo(before + 8);
    }
  }
}
