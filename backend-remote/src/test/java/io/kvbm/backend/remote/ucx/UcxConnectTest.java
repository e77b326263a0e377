package io.kvbm.backend.remote.ucx;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.ErrorCode;
import io.kvbm.backend.remote.path.PathExport;
import io.kvbm.backend.remote.path.PathMemory;
import io.kvbm.backend.remote.path.PathPeer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class UcxConnectTest {

  /**
   * The path's thread takes tasks, connecting among them, and then copies. Here a peer is connected
   * in between: from the completion of a copy that is refused while copies are taken. Its own copy
   * once met no endpoint, which ended the JVM.
   */
  @Test
  void aCopyThatOvertakesTheConnectingOfItsPeerWaitsForIt() throws Exception {
    Ucx.require();
    for (int round = 0; round < 5; round++) {
      try (Arena arena = Arena.ofShared();
          UcxPath here = new UcxPath(UcxOptions.DEFAULTS);
          UcxPath there = new UcxPath(UcxOptions.DEFAULTS)) {
        MemorySegment remote = arena.allocate(4096);
        Ucx.fill(remote, round);
        MemorySegment local = arena.allocate(4096);
        PathExport export = there.export(remote);
        PathPeer first = here.connect(there.address());
        PathMemory memory = first.open(export.key(), export.address(), 4096);
        CountDownLatch reached = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        first.read(memory, 0, local, _ -> await(reached, goOn));
        reached.await();
        Ucx.Outcome refused = new Ucx.Outcome();
        Ucx.Outcome read = new Ucx.Outcome();
        MemorySegment target = arena.allocate(4096);
        first.read(
            memory,
            0,
            local,
            why -> {
              PathPeer next = here.connect(there.address());
              PathMemory same = next.open(export.key(), export.address(), 4096);
              next.read(same, 0, target, read);
              refused.ended(why);
            });
        Thread closing = Thread.ofVirtual().start(first::close);
        while (first.isConnected()) {
          Thread.onSpinWait();
        }
        goOn.countDown();
        assertThat(refused.failure().orElseThrow().code()).isEqualTo(ErrorCode.CLOSED);
        read.succeeds();
        assertThat(target.mismatch(remote)).isEqualTo(-1);
        closing.join();
      }
    }
  }

  /** UCX aborts a process that closes an endpoint by force while it is being connected. */
  @Test
  void peersAreClosedWhileTheyAreBeingConnected() throws Exception {
    Ucx.require();
    try (Arena arena = Arena.ofShared();
        UcxPath there = new UcxPath(UcxOptions.DEFAULTS)) {
      PathExport export = there.export(arena.allocate(4096));
      MemorySegment local = arena.allocate(4096);
      for (int round = 0; round < 60; round++) {
        try (UcxPath here = new UcxPath(UcxOptions.DEFAULTS)) {
          PathPeer peer = here.connect(there.address());
          Ucx.Outcome read = new Ucx.Outcome();
          peer.read(peer.open(export.key(), export.address(), 4096), 0, local, read);
          for (int spin = 0; spin < round * 300; spin++) {
            Thread.onSpinWait();
          }
          peer.close();
          assertThat(read.isEnded()).isTrue();
        }
      }
    }
  }

  private static void await(CountDownLatch reached, CountDownLatch goOn) {
    reached.countDown();
    try {
      goOn.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
