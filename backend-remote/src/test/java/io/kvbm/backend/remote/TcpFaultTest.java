package io.kvbm.backend.remote;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.ErrorCode;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.remote.ExportedStorage;
import io.kvbm.api.remote.Loan;
import io.kvbm.api.remote.LoanRequest;
import io.kvbm.api.remote.RemotePeer;
import io.kvbm.api.remote.RemoteRegistration;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.transfer.BlockOutcome;
import io.kvbm.testkit.BytePatterns;
import io.kvbm.testkit.HostStorage;
import io.kvbm.testkit.RecordingCompletion;
import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Networks that corrupt, stall and drop, and strangers that send anything. */
@Timeout(60)
@SuppressWarnings("try") // what is closed when is what is tested
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
  void damagedWritesAreNeverAcknowledged() throws Exception {
    int size = 3 << 20;
    int failed = 0;
    for (int round = 0; round < 8; round++) {
      try (TwoAgents two = new TwoAgents();
          Proxy proxy = new Proxy(two.far.descriptor());
          HostStorage there = new HostStorage(size);
          HostStorage here = new HostStorage(size)) {
        BytePatterns.fill(here.mutableView(), round);
        Storage mapped = two.connect(proxy.descriptor()).map(two.export(there));
        proxy.flipRequests(1 + round);
        RecordingCompletion completion = two.copy(here, 0, mapped, 0, size);
        if (completion.await().getFirst().isDone()) {
          BytePatterns.verify(there.view(), round, "acknowledged");
        } else {
          failed++;
          assertThat(completion.awaitFailure(0).code())
              .isIn(ErrorCode.CORRUPT, ErrorCode.DISCONNECTED);
          assertThat(two.far.statistics().corrupt()).isPositive();
        }
        mapped.close();
      }
    }
    assertThat(failed).as("rounds in which the damage was noticed").isEqualTo(8);
  }

  @Test
  void aPartitionIsNoticedByBothSidesAndEndsWithANewConnection() throws Exception {
    int size = 32 << 20;
    BackendConfig watchful =
        BackendConfig.of("idleTimeout", "1500ms").with("requestTimeout", "10m");
    try (TwoAgents two = new TwoAgents(watchful, watchful);
        Proxy proxy = new Proxy(two.far.descriptor());
        HostStorage there = new HostStorage(size);
        HostStorage here = new HostStorage(size);
        HostStorage other = new HostStorage(size)) {
      BytePatterns.fill(there.mutableView(), 6);
      ExportedStorage exported = two.export(there);
      RemotePeer peer = two.connect(proxy.descriptor());
      Storage mapped = peer.map(exported);
      proxy.stall();
      RecordingCompletion read = two.copy(mapped, 0, here, 0, size);
      RecordingCompletion write = two.copy(other, 0, mapped, 0, size);
      assertThat(read.awaitFailure(0).code()).isEqualTo(ErrorCode.DISCONNECTED);
      assertThat(write.awaitFailure(0).code()).isEqualTo(ErrorCode.DISCONNECTED);
      assertThat(peer.isConnected()).isFalse();
      TwoAgents.await(() -> two.far.statistics().connections() == 0);
      proxy.heal();
      RemotePeer again = two.connect(proxy.descriptor());
      assertThat(again).isNotSameAs(peer);
      BytePatterns.fill(there.mutableView(), 6);
      two.copy(again.map(exported), 0, here, 0, size).awaitDone();
      BytePatterns.verify(here.view(), 6, "read after the partition");
    }
  }

  @Test
  void clocksHoursApartChangeNothing() {
    try (TwoAgents two = new TwoAgents(BackendConfig.of("offer", "1MiB"), BackendConfig.empty());
        HostStorage there = new HostStorage(4096);
        HostStorage here = new HostStorage(4096)) {
      two.context.manualClock().jump(Duration.ofHours(7));
      two.nearContext.manualClock().jump(Duration.ofHours(-5));
      two.far.serve(new PlainService());
      BytePatterns.fill(there.mutableView(), 4);
      RemotePeer peer = two.connect();
      Storage mapped = peer.map(two.export(there));
      Loan loan =
          peer.borrow(new LoanRequest(1, List.of(new BlockKey(1, 2)), TwoAgents.SOON))
              .toCompletableFuture()
              .join();
      Storage reserved = peer.allocator().allocate(4096);
      two.context.manualClock().advance(Duration.ofHours(30));
      two.nearContext.manualClock().jump(Duration.ofHours(-9));
      two.copy(mapped, 0, here, 0, 4096).awaitDone();
      BytePatterns.verify(here.view(), 4, "read over clocks days apart");
      two.copy(here, 0, reserved, 0, 4096).awaitDone();
      assertThat(peer.ping(TwoAgents.SOON)).isPositive();
      assertThat(two.far.statistics().lentBlocks()).isEqualTo(1);
      assertThat(two.far.statistics().reservedBytes()).isEqualTo(4096);
      loan.close();
      reserved.close();
      TwoAgents.await(() -> two.far.statistics().lentBlocks() == 0);
      TwoAgents.await(() -> two.far.statistics().reservedBytes() == 0);
    }
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
      proxy.stallAnswers();
      assertThat(two.copy(mapped, 0, here, 0, size).awaitFailure(0).code())
          .isIn(ErrorCode.DEADLINE_EXCEEDED, ErrorCode.DISCONNECTED);
      here.memset(9, 0, size);
      proxy.heal(); // what was held back arrives late, and must land nowhere
      TwoAgents.await(() -> two.far.statistics().bytesServed() > 0);
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
      RemotePeer peer = two.connect(proxy.descriptor());
      Storage mapped = peer.map(two.export(there));
      proxy.stall();
      try (HostStorage here = new HostStorage(size)) {
        here.memset(2, 0, size);
        assertThat(two.copy(here, 0, mapped, 0, size).awaitFailure(0).code())
            .isIn(ErrorCode.DEADLINE_EXCEEDED, ErrorCode.DISCONNECTED);
      }
      assertThat(two.near.statistics().bytesWritten()).isLessThan(size);
      TwoAgents.await(() -> !peer.isConnected()); // a write half said cannot be taken back
      there.unregister(RemoteRegistration.KEY);
      there.memset(4, 0, size);
      proxy.heal();
      TwoAgents.await(() -> two.far.statistics().connections() == 0);
      BytePatterns.verifyAll(there.view(), (byte) 4, "exported no longer");
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
    int size = 32 << 20; // in one frame, so that the reader is inside until it has taken all of it
    Duration drain = Duration.ofMillis(300);
    BackendConfig whole = BackendConfig.of("maxFrame", "64MiB").with("streams", "1");
    BackendConfig draining =
        whole.with("drainTimeout", drain.toMillis() + "ms").with("idleTimeout", "10m");
    try (TwoAgents two = new TwoAgents(draining, whole);
        Proxy proxy = new Proxy(two.far.descriptor());
        HostStorage there = new HostStorage(size);
        HostStorage here = new HostStorage(size)) {
      Storage mapped = two.connect(proxy.descriptor()).map(two.export(there));
      proxy.stallAnswers();
      long before = proxy.answered();
      RecordingCompletion completion = two.copy(mapped, 0, here, 0, size);
      TwoAgents.await(() -> proxy.answered() > before); // no ping comes in between
      long start = System.nanoTime();
      there.close();
      // No sooner than the drain: so the reader was inside; and not much later.
      assertThat(Duration.ofNanos(System.nanoTime() - start))
          .isBetween(drain, drain.plus(TwoAgents.SOON));
      assertThat(two.far.statistics().bytesServed()).isZero();
      proxy.close();
      assertThat(completion.awaitFailure(0).code()).isIn(ErrorCode.DISCONNECTED, ErrorCode.CLOSED);
    }
  }
}
