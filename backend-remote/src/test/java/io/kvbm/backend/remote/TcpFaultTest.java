package io.kvbm.backend.remote;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.ErrorCode;
import io.kvbm.api.remote.RemotePeer;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.transfer.BlockOutcome;
import io.kvbm.testkit.BytePatterns;
import io.kvbm.testkit.HostStorage;
import io.kvbm.testkit.RecordingCompletion;
import java.io.IOException;
import java.net.Socket;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Networks that corrupt, stall and drop, and strangers that send anything. */
@Timeout(60)
class TcpFaultTest {

  private static final BackendConfig IMPATIENT =
      BackendConfig.of("requestTimeout", "500ms").with("drainTimeout", "300ms");

  @Test
  void damagedBytesAreNeverHandedOn() throws Exception {
    int size = 3 << 20;
    int failed = 0;
    for (int round = 0; round < 8; round++) {
      try (TwoAgents two = new TwoAgents();
          Proxy proxy = new Proxy(two.far.descriptor());
          HostStorage there = new HostStorage(size);
          HostStorage here = new HostStorage(size)) {
        there.mutableView().copyFrom(BytePatterns.heap(size, round));
        Storage mapped = two.connect(proxy.descriptor()).map(two.export(there));
        proxy.flip(1 + round);
        RecordingCompletion completion = two.copy(mapped, 0, here, 0, size);
        BlockOutcome outcome = completion.await().getFirst();
        if (outcome.isDone()) {
          assertThat(here.view().mismatch(there.view())).isEqualTo(-1);
        } else {
          failed++;
          assertThat(completion.awaitFailure(0).code())
              .isIn(ErrorCode.CORRUPT, ErrorCode.DISCONNECTED);
          assertThat(two.near.statistics().corrupt()).isPositive();
        }
        mapped.close();
      }
    }
    assertThat(failed).as("rounds in which the damage was noticed").isEqualTo(8);
  }

  @Test
  void aStalledReadEndsAtItsDeadlineAndItsMemoryIsUntouchedAfterwards() throws Exception {
    int size = 8 << 20;
    try (TwoAgents two = new TwoAgents(IMPATIENT, IMPATIENT);
        Proxy proxy = new Proxy(two.far.descriptor());
        HostStorage there = new HostStorage(size);
        HostStorage here = new HostStorage(size)) {
      there.memset(1, 0, size);
      RemotePeer peer = two.connect(proxy.descriptor());
      Storage mapped = peer.map(two.export(there));
      proxy.stall();
      assertThat(two.copy(mapped, 0, here, 0, size).awaitFailure(0).code())
          .isIn(ErrorCode.DEADLINE_EXCEEDED, ErrorCode.DISCONNECTED);
      here.memset(9, 0, size);
      proxy.close();
      TwoAgents.await(() -> !peer.isConnected());
      BytePatterns.verifyAll(here.view(), (byte) 9, "after the end");
      mapped.close();
    }
  }

  @Test
  void aStalledWriteEndsAndItsMemoryCanBeFreed() throws Exception {
    int size = 32 << 20;
    try (TwoAgents two = new TwoAgents(IMPATIENT, IMPATIENT);
        Proxy proxy = new Proxy(two.far.descriptor());
        HostStorage there = new HostStorage(size)) {
      Storage mapped = two.connect(proxy.descriptor()).map(two.export(there));
      proxy.stall();
      try (HostStorage here = new HostStorage(size)) {
        assertThat(two.copy(here, 0, mapped, 0, size).awaitFailure(0).code())
            .isIn(ErrorCode.DEADLINE_EXCEEDED, ErrorCode.DISCONNECTED);
      }
      mapped.close();
    }
  }

  @Test
  void aPeerThatVanishesIsNoticedByBothSides() throws Exception {
    BackendConfig watchful = BackendConfig.of("idleTimeout", "400ms").with("offer", "1MiB");
    try (TwoAgents two = new TwoAgents(watchful, watchful);
        Proxy proxy = new Proxy(two.far.descriptor())) {
      RemotePeer peer = two.connect(proxy.descriptor());
      Storage reserved = peer.allocator().allocate(4096);
      assertThat(reserved.byteSize()).isEqualTo(4096);
      proxy.stall();
      TwoAgents.await(() -> !peer.isConnected());
      TwoAgents.await(() -> two.far.statistics().reservedBytes() == 0);
      TwoAgents.await(() -> two.far.statistics().connections() == 0);
    }
  }

  @Test
  void strangersAreCutAndTheAgentStays() throws Exception {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    try (TwoAgents two = new TwoAgents()) {
      String[] address = two.far.descriptor().endpoints().getFirst().address().split(":");
      for (int round = 0; round < 200; round++) {
        try (Socket socket = new Socket(address[0], Integer.parseInt(address[1]))) {
          byte[] noise = new byte[1 + random.nextInt(4096)];
          random.nextBytes(noise);
          socket.getOutputStream().write(noise);
          if (noise.length >= 32) {
            socket.setSoTimeout(20_000);
            assertThat(endsWithoutAnswer(socket)).as("seed %d, round %d", seed, round).isTrue();
          }
        }
      }
      TwoAgents.await(() -> two.far.statistics().connections() == 0);
      assertThat(two.connect().ping(TwoAgents.SOON)).isPositive();
    }
  }

  private static boolean endsWithoutAnswer(Socket socket) {
    try {
      return socket.getInputStream().read() < 0;
    } catch (IOException _) {
      return !(socket.isClosed());
    }
  }

  @Test
  void closingAStorageUnderAStalledReaderIsBounded() throws Exception {
    int size = 32 << 20;
    try (TwoAgents two = new TwoAgents(IMPATIENT, BackendConfig.empty());
        Proxy proxy = new Proxy(two.far.descriptor());
        HostStorage there = new HostStorage(size);
        HostStorage here = new HostStorage(size)) {
      Storage mapped = two.connect(proxy.descriptor()).map(two.export(there));
      proxy.stall();
      RecordingCompletion completion = two.copy(mapped, 0, here, 0, size);
      there.close();
      proxy.close();
      assertThat(completion.await().getFirst().isDone()).isFalse();
    }
  }
}
