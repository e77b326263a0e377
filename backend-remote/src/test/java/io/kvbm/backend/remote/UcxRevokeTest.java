package io.kvbm.backend.remote;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.ErrorCode;
import io.kvbm.api.remote.RemotePeer;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.transfer.BlockOutcome;
import io.kvbm.testkit.BytePatterns;
import io.kvbm.testkit.HostStorage;
import io.kvbm.testkit.RecordingCompletion;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Memory is taken back and unmapped while peers read and write it. */
@Timeout(120)
@SuppressWarnings("try") // what is closed when is what is tested
class UcxRevokeTest {

  private static final int BYTE_SIZE = 512 << 10;
  private static final int ROUNDS = 40;

  @Test
  void nobodySeesOtherBytesAndNothingTouchesFreedMemory() throws Exception {
    UcxAgents.require();
    long seed = new Random().nextLong();
    System.out.println("seed " + seed);
    AtomicInteger done = new AtomicInteger();
    try (TwoAgents two = new TwoAgents(UcxAgents.CONFIG, UcxAgents.CONFIG);
        HostStorage scratch = new HostStorage(BYTE_SIZE)) {
      RemotePeer peer = two.connect();
      for (int round = 0; round < ROUNDS; round++) {
        long pattern = seed + round;
        HostStorage there = new HostStorage(BYTE_SIZE);
        BytePatterns.fill(there.mutableView(), pattern);
        Storage mapped = peer.map(two.export(there));
        if (round % 4 != 3) {
          UcxAgents.awaitPath(mapped);
        }
        List<Thread> readers = new ArrayList<>();
        List<AssertionError> wrong = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
          readers.add(
              Thread.ofVirtual()
                  .start(
                      () -> {
                        try {
                          done.addAndGet(useUntilRevoked(two, mapped, pattern));
                        } catch (AssertionError e) {
                          synchronized (wrong) {
                            wrong.add(e);
                          }
                        }
                      }));
        }
        int before = done.get();
        Thread.sleep(new Random(pattern).nextInt(6));
        there.unregister("remote");
        there.memset(0, 0, BYTE_SIZE);
        there.close();
        for (Thread reader : readers) {
          reader.join();
        }
        assertThat(wrong).as("seed %d", pattern).isEmpty();
        assertThat(done.get()).isGreaterThanOrEqualTo(before);
        mapped.close();
      }
      assertThat(peer.transport()).as("the path has lasted").isEqualTo("ucx");
      assertThat(done.get()).isPositive();
    }
  }

  /** Reads all and writes the same bytes, several at once. {@return how many copies moved} */
  private static int useUntilRevoked(TwoAgents two, Storage mapped, long pattern) {
    int moved = 0;
    try (HostStorage target = new HostStorage(BYTE_SIZE);
        HostStorage source = new HostStorage(BYTE_SIZE)) {
      BytePatterns.fill(source.mutableView(), pattern);
      while (true) {
        target.memset(1, 0, BYTE_SIZE);
        RecordingCompletion read = two.copy(mapped, 0, target, 0, BYTE_SIZE);
        List<RecordingCompletion> writes = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
          long at = i * (BYTE_SIZE / 4L);
          writes.add(two.copy(source, at, mapped, at, BYTE_SIZE / 4L));
        }
        BlockOutcome outcome = read.await().getFirst();
        boolean all = outcome.isDone();
        if (all) {
          BytePatterns.verify(target.view(), pattern, "read, seed " + pattern);
          moved++;
        } else {
          assertThat(read.awaitFailure(0).code()).isEqualTo(ErrorCode.CLOSED);
        }
        for (RecordingCompletion write : writes) {
          all &= write.await().getFirst().isDone();
        }
        if (!all) {
          return moved;
        }
      }
    }
  }
}
