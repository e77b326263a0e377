package io.kvbm.backend.remote.ucx;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.ErrorCode;
import io.kvbm.backend.remote.path.PathExport;
import io.kvbm.backend.remote.path.PathMemory;
import io.kvbm.backend.remote.path.PathPeer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
@Tag("slow")
@SuppressWarnings("try") // what is closed when is what is tested
class UcxPeerLossTest {

  @BeforeEach
  void needsUcx() {
    Ucx.require();
  }

  @Test
  void bytesOfAnotherProcessArriveAndItsDeathFailsWhatIsInFlight() throws Exception {
    for (int round = 0; round < 2; round++) {
      try (UcxPeerProcess process = new UcxPeerProcess(false);
          UcxPath path = new UcxPath(UcxOptions.DEFAULTS);
          PathPeer peer = path.connect(process.address);
          Arena arena = Arena.ofShared()) {
        MemorySegment expected = arena.allocate(UcxPeerProcess.BYTE_SIZE);
        Ucx.fill(expected, 42);
        MemorySegment target = arena.allocate(UcxPeerProcess.BYTE_SIZE);
        PathMemory memory = peer.open(process.key, process.base, target.byteSize());
        Ucx.Outcome first = new Ucx.Outcome();
        peer.read(memory, 0, target, first);
        first.succeeds();
        assertThat(target.mismatch(expected)).isEqualTo(-1);
        List<Ucx.Outcome> outcomes = begin(peer, memory, target, 200);
        process.signal("KILL");
        expectAll(outcomes, ErrorCode.DISCONNECTED);
        assertThat(outcomes.getLast().failure()).isPresent();
        assertThat(peer.isConnected()).isFalse();
        expectAll(begin(peer, memory, target, 1), ErrorCode.DISCONNECTED);
      }
    }
  }

  @Test
  void aPeerThatStandsStillFailsWhatIsInFlightByTheDeadline() throws Exception {
    UcxOptions options = UcxOptions.DEFAULTS.withRequestTimeout(Duration.ofMillis(500));
    try (UcxPeerProcess process = new UcxPeerProcess(false);
        UcxPath path = new UcxPath(options);
        PathPeer peer = path.connect(process.address);
        Arena arena = Arena.ofShared()) {
      MemorySegment target = arena.allocate(UcxPeerProcess.BYTE_SIZE);
      PathMemory memory = peer.open(process.key, process.base, target.byteSize());
      Ucx.Outcome first = new Ucx.Outcome();
      peer.read(memory, 0, target, first);
      first.succeeds();
      process.signal("STOP");
      target.fill((byte) 9);
      Ucx.Outcome write = new Ucx.Outcome();
      peer.write(target, memory, 0, write);
      List<Ucx.Outcome> outcomes = begin(peer, memory, target, 20);
      outcomes.add(write);
      expectAll(outcomes, ErrorCode.DEADLINE_EXCEEDED, ErrorCode.DISCONNECTED);
      assertThat(outcomes)
          .anySatisfy(
              each ->
                  assertThat(each.failure().orElseThrow().code())
                      .isEqualTo(ErrorCode.DEADLINE_EXCEEDED));
      target.fill((byte) 7); // Ours again: a late answer must not change it.
      process.signal("CONT");
      try (PathPeer again = path.connect(process.address)) {
        Ucx.Outcome later = new Ucx.Outcome();
        PathMemory reopened = again.open(process.key, process.base, 4096);
        again.read(reopened, 0, arena.allocate(4096), later);
        later.succeeds();
      }
      assertThat(target.mismatch(arena.allocate(target.byteSize()).fill((byte) 7))).isEqualTo(-1);
    }
  }

  /** UCX ended the process of whoever was to answer a peer that was killed. */
  @Test
  void aPeerThatIsKilledWhileItCopiesEndsNoOtherProcess() throws Exception {
    int lost = 0;
    try (Arena arena = Arena.ofShared()) {
      MemorySegment bytes = arena.allocate(1 << 20, 4096);
      for (int round = 0; round < 5; round++) {
        try (UcxPath path = new UcxPath(UcxOptions.DEFAULTS);
            PathExport export = path.export(bytes);
            UcxCopyingProcess process = new UcxCopyingProcess(path, export, bytes.byteSize())) {
          process.kill();
          try (UcxPath other = new UcxPath(UcxOptions.DEFAULTS);
              PathPeer self = other.connect(other.address());
              PathExport own = other.export(bytes)) {
            Ucx.Outcome read = new Ucx.Outcome();
            self.read(self.open(own.key(), own.address(), 64), 0, arena.allocate(64), read);
            read.succeeds();
          }
          lost += path.isUsable() ? 0 : 1;
        }
      }
    }
    System.out.println("paths lost with a peer: " + lost);
  }

  private static List<Ucx.Outcome> begin(
      PathPeer peer, PathMemory memory, MemorySegment target, int count) {
    List<Ucx.Outcome> outcomes = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Ucx.Outcome outcome = new Ucx.Outcome();
      peer.read(memory, 0, target, outcome);
      outcomes.add(outcome);
    }
    return outcomes;
  }

  private static void expectAll(List<Ucx.Outcome> outcomes, ErrorCode... codes) throws Exception {
    for (Ucx.Outcome outcome : outcomes) {
      outcome.failure().ifPresent(failure -> assertThat(failure.code()).isIn((Object[]) codes));
    }
  }
}
