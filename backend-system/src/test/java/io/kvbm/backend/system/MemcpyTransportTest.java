package io.kvbm.backend.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.transfer.BlockOutcome;
import io.kvbm.api.transfer.TransferBatch;
import io.kvbm.testkit.BytePatterns;
import io.kvbm.testkit.RecordingCompletion;
import io.kvbm.testkit.TestContext;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MemcpyTransportTest {

  private final TestContext context = new TestContext();
  private final MemcpyTransport transport = new MemcpyTransport(context);

  @AfterEach
  void endThreads() {
    context.close();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 4096, (16 << 20) - 1, 16 << 20, (24 << 20) + 3, 40 << 20})
  void oneCopyOfAnyLengthArrivesWhole(long byteSize) {
    try (SystemStorage source = new SystemStorage(byteSize);
        SystemStorage target = new SystemStorage(byteSize + 2)) {
      BytePatterns.fill(source.mutableView(), 7);
      BytePatterns.guard(target.mutableView());
      RecordingCompletion completion = new RecordingCompletion(1);
      transport.submit(
          TransferBatch.builder().add(0, source, 0, target, 1, byteSize).build(), completion);
      assertThat(completion.await()).containsExactly(new BlockOutcome.Done(byteSize));
      BytePatterns.verify(target.view().asSlice(1, byteSize), 7, "target");
      BytePatterns.verifyAll(target.view().asSlice(0, 1), BytePatterns.GUARD, "before");
      BytePatterns.verifyAll(target.view().asSlice(byteSize + 1), BytePatterns.GUARD, "behind");
    }
  }

  @Test
  void copiesThatFollowEachOtherBecomeOnePiece() {
    try (SystemStorage source = new SystemStorage(1 << 16);
        SystemStorage target = new SystemStorage(1 << 16)) {
      TransferBatch.Builder batch = TransferBatch.builder();
      for (int block = 0; block < 8; block++) {
        batch.add(block, source, block * 4096L, target, block * 4096L, 4096);
      }
      batch.add(8, source, 9 * 4096, target, 8 * 4096, 4096);
      CopyPieces pieces = CopyPieces.of(batch.build());
      assertThat(pieces.count()).isEqualTo(2);
      assertThat(pieces.byteSize(0)).isEqualTo(8 * 4096);
      assertThat(pieces.lastBlock(0)).isEqualTo(7);
      assertThat(pieces.firstBlock(1)).isEqualTo(8);
    }
  }

  @Test
  void nullGivesZerosAndTakesEverything() {
    try (NullStorage nothing = new NullStorage(100);
        SystemStorage memory = new SystemStorage(100)) {
      BytePatterns.guard(memory.mutableView());
      RecordingCompletion read = new RecordingCompletion(1);
      transport.submit(TransferBatch.builder().add(0, nothing, 0, memory, 10, 80).build(), read);
      assertThat(read.await()).containsExactly(new BlockOutcome.Done(80));
      BytePatterns.verifyAll(memory.view().asSlice(10, 80), (byte) 0, "zeros");
      BytePatterns.verifyAll(memory.view().asSlice(90), BytePatterns.GUARD, "behind");
      RecordingCompletion written = new RecordingCompletion(1);
      transport.submit(TransferBatch.builder().add(0, memory, 0, nothing, 0, 100).build(), written);
      assertThat(written.await()).containsExactly(new BlockOutcome.Done(100));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void anExecutorThatCannotStartThreadsLosesNoBlock(int startable) {
    long byteSize = MemcpyTransport.INLINE_BELOW + (9 << 20);
    List<Runnable> started = new ArrayList<>();
    MemcpyTransport starved =
        new MemcpyTransport(
            task -> {
              if (started.size() == startable) {
                throw new OutOfMemoryError("unable to create native thread");
              }
              started.add(task);
            },
            2,
            context.logger());
    try (SystemStorage source = new SystemStorage(byteSize);
        SystemStorage target = new SystemStorage(byteSize)) {
      BytePatterns.fill(source.mutableView(), 7);
      RecordingCompletion completion = new RecordingCompletion(1);
      starved.submit(
          TransferBatch.builder().add(0, source, 0, target, 0, byteSize).build(), completion);
      assertThat(started).hasSize(startable);
      started.forEach(Runnable::run);
      assertThat(completion.await()).containsExactly(new BlockOutcome.Done(byteSize));
      BytePatterns.verify(target.view(), 7, "target");
    }
  }

  @Test
  void aShortBatchIsCopiedByItsSubmitter() {
    List<Runnable> started = new ArrayList<>();
    MemcpyTransport lazy = new MemcpyTransport(started::add, 2, context.logger());
    try (SystemStorage source = new SystemStorage(MemcpyTransport.INLINE_BELOW);
        SystemStorage target = new SystemStorage(MemcpyTransport.INLINE_BELOW)) {
      RecordingCompletion inline = new RecordingCompletion(1);
      long shorter = MemcpyTransport.INLINE_BELOW - 1;
      lazy.submit(TransferBatch.builder().add(0, source, 0, target, 0, shorter).build(), inline);
      assertThat(inline.await()).containsExactly(new BlockOutcome.Done(shorter));
      assertThat(started).isEmpty();
      RecordingCompletion split = new RecordingCompletion(1);
      lazy.submit(TransferBatch.builder().add(0, source, 0, target, 0, shorter + 1).build(), split);
      assertThat(started).hasSize(2);
      started.forEach(Runnable::run);
      assertThat(split.await()).containsExactly(new BlockOutcome.Done(shorter + 1));
    }
  }

  @Test
  void aBatchCancelledBetweenBlocksReportsTheRestAsCancelled() {
    try (SystemStorage source = new SystemStorage(1 << 16);
        SystemStorage target = new SystemStorage(1 << 16)) {
      TransferBatch.Builder batch = TransferBatch.builder();
      for (int block = 0; block < 4; block++) {
        batch.add(block, source, block * 8192L, target, block * 4096L, 4096);
      }
      RecordingCompletion completion = RecordingCompletion.cancellingAfter(4, 2);
      transport.submit(batch.build(), completion);
      assertThat(completion.await())
          .containsExactly(
              new BlockOutcome.Done(4096),
              new BlockOutcome.Done(4096),
              new BlockOutcome.Cancelled(),
              new BlockOutcome.Cancelled());
    }
  }
}
