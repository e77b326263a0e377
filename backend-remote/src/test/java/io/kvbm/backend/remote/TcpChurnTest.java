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

  /** Other parts of the process open a file now and then; a leak in one of 200 cycles shows. */
  private static final int OTHERS = 4;

  private static int descriptors() {
    return Objects.requireNonNull(new File("/proc/self/fd").list()).length;
  }

  private static void cycle(TwoAgents two, HostStorage there, HostStorage here) {
    RemotePeer peer = two.connect();
    try (Storage mapped = peer.map(two.export(there))) {
      two.copy(mapped, 0, here, 0, 4096).awaitDone();
    }
    there.unregister(RemoteRegistration.KEY);
    peer.close();
  }

  /** Sockets that were closed have left the table of descriptors once both sides count none. */
  private static int settled(TwoAgents two) {
    TwoAgents.await(
        () -> two.far.statistics().connections() == 0 && two.near.statistics().connections() == 0);
    return descriptors();
  }

  @Test
  void aThousandConnectionsLeaveNothingBehind() {
    try (TwoAgents two = new TwoAgents();
        HostStorage there = new HostStorage(4096);
        HostStorage here = new HostStorage(4096)) {
      for (int round = 0; round < 20; round++) {
        cycle(two, there, here);
      }
      int before = settled(two);
      for (int round = 0; round < 1000; round++) {
        cycle(two, there, here);
      }
      TwoAgents.await(() -> settled(two) <= before + OTHERS);
      assertThat(two.far.statistics().registeredBytes()).isZero();
      assertThat(two.near.statistics().registeredBytes()).isZero();
      assertThat(two.near.peers()).isEmpty();
      assertThat(two.context.reservedByteSize()).isZero();
    }
  }
}
