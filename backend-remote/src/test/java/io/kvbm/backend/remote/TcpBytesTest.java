package io.kvbm.backend.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.remote.ExportedStorage;
import io.kvbm.api.remote.RemoteAccess;
import io.kvbm.api.remote.RemotePeer;
import io.kvbm.api.remote.RemoteRegistration;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.storage.StorageType;
import io.kvbm.api.transfer.TransferBatch;
import io.kvbm.backend.remote.tcp.Reached;
import io.kvbm.testkit.BytePatterns;
import io.kvbm.testkit.HostStorage;
import io.kvbm.testkit.RecordingCompletion;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Reads and writes between two agents, and what is refused. */
@Timeout(60)
@SuppressWarnings("try") // what is closed when is what is tested
class TcpBytesTest {

  @ParameterizedTest
  @ValueSource(
      ints = {1, 31, 4096, 65_537, (1 << 20) - 1, (1 << 20) + 1, (7 << 20) + 3, 73_400_321})
  void everyByteArrivesBothWays(int byteSize) {
    try (TwoAgents two = new TwoAgents();
        HostStorage there = new HostStorage(byteSize + 64L);
        HostStorage here = new HostStorage(byteSize + 64L);
        HostStorage back = new HostStorage(byteSize + 64L)) {
      here.mutableView().copyFrom(BytePatterns.heap(byteSize + 64, 7));
      back.memset(BytePatterns.GUARD & 0xFF, 0, byteSize + 64L);
      RemotePeer peer = two.connect();
      try (Storage mapped = peer.map(two.export(there))) {
        two.copy(here, 5, mapped, 9, byteSize).awaitDone();
        assertThat(there.view().asSlice(9, byteSize).mismatch(here.view().asSlice(5, byteSize)))
            .isEqualTo(-1);
        two.copy(mapped, 9, back, 11, byteSize).awaitDone();
        assertThat(back.view().asSlice(11, byteSize).mismatch(here.view().asSlice(5, byteSize)))
            .isEqualTo(-1);
        BytePatterns.verifyAll(back.view().asSlice(0, 11), BytePatterns.GUARD, "before");
        BytePatterns.verifyAll(back.view().asSlice(byteSize + 11L), BytePatterns.GUARD, "behind");
      }
      assertThat(two.near.statistics().bytesRead()).isEqualTo(byteSize);
      assertThat(two.near.statistics().bytesWritten()).isEqualTo(byteSize);
    }
  }

  /** Who asks writes to the socket, and a socket is closed by an interrupt where it may block. */
  @Test
  void anInterruptedThreadMayAskAndTheConnectionStays() {
    try (TwoAgents two = new TwoAgents();
        HostStorage there = new HostStorage(4096);
        HostStorage here = new HostStorage(4096)) {
      BytePatterns.fill(there.mutableView(), 8);
      RemotePeer peer = two.connect();
      Storage mapped = peer.map(two.export(there));
      Thread.currentThread().interrupt();
      RecordingCompletion read = two.copy(mapped, 0, here, 0, 4096);
      assertThat(Thread.interrupted()).isTrue();
      read.awaitDone();
      BytePatterns.verify(here.view(), 8, "asked for by an interrupted thread");
      assertThat(peer.isConnected()).isTrue();
    }
  }

  @Test
  void readsThatTheSocketTakesInPartsArriveOnceEach() throws IOException {
    int blocks = 32;
    int batches = 1000;
    int size = 4;
    try (TwoAgents two = new TwoAgents(BackendConfig.empty(), BackendConfig.of("streams", "1"));
        Proxy proxy = new Proxy(two.far.descriptor());
        HostStorage there = new HostStorage((long) blocks * batches * size);
        HostStorage here = new HostStorage((long) blocks * batches * size)) {
      BytePatterns.fill(there.mutableView(), 9);
      RemotePeer peer = two.connect(proxy.descriptor());
      Storage mapped = peer.map(two.export(there));
      Reached.narrow(peer);
      proxy.stall(); // 2 MB of requests are more than the socket holds
      List<RecordingCompletion> reads = new ArrayList<>();
      for (int batch = 0; batch < batches; batch++) {
        TransferBatch.Builder builder = TransferBatch.builder();
        for (int block = 0; block < blocks; block++) {
          long at = ((long) batch * blocks + block) * size;
          builder.add(block, mapped, at, here, at, size);
        }
        RecordingCompletion read = new RecordingCompletion(blocks);
        two.nearBackend.transports().getFirst().submit(builder.build(), read);
        reads.add(read);
      }
      proxy.heal();
      reads.forEach(RecordingCompletion::awaitDone);
      BytePatterns.verify(here.view(), 9, "read through a socket that was full");
    }
  }

  @Test
  void manyBatchesInFlightShareASmallBudget() {
    BackendConfig small =
        BackendConfig.empty()
            .with("maxFrame", "64KiB")
            .with("maxInFlight", "128KiB")
            .with("streams", "3");
    int blocks = 64;
    int size = 100_003;
    try (TwoAgents two = new TwoAgents(BackendConfig.empty(), small);
        HostStorage there = new HostStorage((long) blocks * size);
        HostStorage here = new HostStorage((long) blocks * size)) {
      there.mutableView().copyFrom(BytePatterns.heap(blocks * size, 3));
      Storage mapped = two.connect().map(two.export(there));
      RecordingCompletion[] all = new RecordingCompletion[4];
      for (int i = 0; i < 4; i++) {
        TransferBatch.Builder batch = TransferBatch.builder();
        for (int block = 0; block < blocks / 4; block++) {
          long at = (block * 4L + i) * size;
          batch.add(block, mapped, at, here, at, size);
        }
        all[i] = new RecordingCompletion(blocks / 4);
        two.nearBackend.transports().getFirst().submit(batch.build(), all[i]);
      }
      for (RecordingCompletion one : all) {
        one.awaitDone();
      }
      assertThat(here.view().mismatch(there.view())).isEqualTo(-1);
      mapped.close();
    }
  }

  @Test
  void whatIsNotAllowedIsRefusedAndTheConnectionStays() {
    try (TwoAgents two = new TwoAgents();
        HostStorage readOnly = new HostStorage(4096);
        HostStorage others = new HostStorage(4096);
        HostStorage here = new HostStorage(8192)) {
      RemotePeer peer = two.connect();
      ExportedStorage readable = two.far.register(readOnly, RemoteAccess.READ);
      ExportedStorage foreign =
          two.far.register(others, RemoteAccess.READ_WRITE.onlyFor(Set.of("somebody")));
      Storage mapped = peer.map(readable);
      assertThat(two.copy(here, 0, mapped, 0, 100).awaitFailure(0).code())
          .isEqualTo(ErrorCode.NOT_ALLOWED);
      assertThatThrownBy(() -> mapped.memset(1, 0, 10))
          .satisfies(e -> assertThat(((KvbmException) e).code()).isEqualTo(ErrorCode.NOT_ALLOWED));
      assertThat(two.copy(peer.map(foreign), 0, here, 0, 100).awaitFailure(0).code())
          .isEqualTo(ErrorCode.NOT_ALLOWED);
      ExportedStorage larger = new ExportedStorage(readable.key(), 8192, StorageType.SYSTEM, true);
      assertThat(two.copy(peer.map(larger), 4000, here, 0, 100).awaitFailure(0).code())
          .isEqualTo(ErrorCode.OUT_OF_BOUNDS);
      ExportedStorage guessed = new ExportedStorage(new byte[16], 4096, StorageType.SYSTEM, true);
      assertThat(two.copy(peer.map(guessed), 0, here, 0, 100).awaitFailure(0).code())
          .isEqualTo(ErrorCode.CLOSED);
      two.copy(mapped, 0, here, 0, 4096).awaitDone();
      assertThat(peer.ping(TwoAgents.SOON)).isPositive();
      assertThat(two.far.statistics().refused()).isEqualTo(5);
    }
  }

  @Test
  void anUnregisteredStorageIsNotReachedAnyMore() {
    try (TwoAgents two = new TwoAgents();
        HostStorage there = new HostStorage(4096);
        HostStorage here = new HostStorage(4096)) {
      Storage mapped = two.connect().map(two.export(there));
      mapped.memset(17, 0, 4096);
      two.copy(mapped, 0, here, 0, 4096).awaitDone();
      BytePatterns.verifyAll(here.view(), (byte) 17, "filled from afar");
      assertThat(two.far.statistics().registeredBytes()).isEqualTo(4096);
      there.unregister(RemoteRegistration.KEY);
      assertThat(two.far.statistics().registeredBytes()).isZero();
      assertThat(two.copy(mapped, 0, here, 0, 4096).awaitFailure(0).code())
          .isEqualTo(ErrorCode.CLOSED);
    }
  }

  @Test
  void aLostPeerFailsEverythingAtOnce() throws Exception {
    int size = 64 << 20;
    BackendConfig patient = BackendConfig.of("requestTimeout", "10m");
    try (TwoAgents two = new TwoAgents(patient, patient);
        Proxy proxy = new Proxy(two.far.descriptor());
        HostStorage there = new HostStorage(size);
        HostStorage here = new HostStorage(size)) {
      two.far.serve(new PlainService());
      RemotePeer peer = two.connect(proxy.descriptor());
      Storage mapped = peer.map(two.export(there));
      proxy.stall();
      List<RecordingCompletion> moving =
          List.of(
              two.copy(mapped, 0, here, 0, size),
              two.copy(mapped, 0, here, 0, 100),
              two.copy(here, 0, mapped, 0, size));
      var set = peer.blockSet(TwoAgents.SOON).toCompletableFuture();
      proxy.close();
      for (RecordingCompletion one : moving) {
        assertThat(one.awaitFailure(0).code()).isEqualTo(ErrorCode.DISCONNECTED);
      }
      assertThatThrownBy(set::join)
          .satisfies(
              e ->
                  assertThat(((KvbmException) e.getCause()).code())
                      .isEqualTo(ErrorCode.DISCONNECTED));
      assertThat(two.copy(mapped, 0, here, 0, 100).awaitFailure(0).code())
          .isEqualTo(ErrorCode.DISCONNECTED);
      assertThat(peer.isConnected()).isFalse();
      assertThatThrownBy(() -> two.connect(proxy.descriptor()))
          .satisfies(e -> assertThat(((KvbmException) e).code()).isEqualTo(ErrorCode.DISCONNECTED));
    }
  }

  @Test
  void aPeerThatClosesEndsWhatItHasNotDone() {
    try (TwoAgents two = new TwoAgents();
        HostStorage there = new HostStorage(64 << 20);
        HostStorage here = new HostStorage(64 << 20)) {
      RemotePeer peer = two.connect();
      Storage mapped = peer.map(two.export(there));
      RecordingCompletion moving = two.copy(mapped, 0, here, 0, 64 << 20);
      two.far.close();
      if (!moving.await().getFirst().isDone()) {
        assertThat(moving.awaitFailure(0).code()).isIn(ErrorCode.DISCONNECTED, ErrorCode.CLOSED);
      }
      assertThat(two.copy(mapped, 0, here, 0, 100).awaitFailure(0).code())
          .isIn(ErrorCode.DISCONNECTED, ErrorCode.CLOSED);
      TwoAgents.await(() -> !peer.isConnected());
      assertThatThrownBy(two::connect)
          .satisfies(e -> assertThat(((KvbmException) e).code()).isEqualTo(ErrorCode.DISCONNECTED));
    }
  }

  @Test
  void reservedMemoryIsLimitedAndGivenBack() {
    try (TwoAgents two = new TwoAgents(BackendConfig.of("offer", "1MiB"), BackendConfig.empty());
        HostStorage here = new HostStorage(1 << 20)) {
      RemotePeer peer = two.connect();
      Storage one = new RemoteAllocator(two.near, peer).allocate(600_000);
      assertThat(two.far.statistics().reservedBytes()).isEqualTo(600_000);
      assertThat(peer.allocator().tryAllocate(io.kvbm.api.storage.AllocationRequest.of(600_000)))
          .isEmpty();
      here.memset(3, 0, 1 << 20);
      two.copy(one, 0, here, 0, 600_000).awaitDone();
      BytePatterns.verifyAll(here.view().asSlice(0, 600_000), (byte) 0, "zeroed");
      one.close();
      Storage next = peer.allocator().allocate(600_000);
      assertThat(next.isClosed()).isFalse();
      peer.close();
      TwoAgents.await(() -> two.far.statistics().reservedBytes() == 0);
      TwoAgents.await(() -> two.context.reservedByteSize() == 0);
    }
  }
}
