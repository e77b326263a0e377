package io.kvbm.testkit.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.ErrorCode;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.storage.Lease;
import io.kvbm.api.storage.Region;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.storage.StorageAllocator;
import io.kvbm.api.storage.StorageType;
import io.kvbm.api.transfer.BlockOutcome;
import io.kvbm.api.transfer.Route;
import io.kvbm.api.transfer.TransferBatch;
import io.kvbm.api.transfer.Transport;
import io.kvbm.testkit.BytePatterns;
import io.kvbm.testkit.Feature;
import io.kvbm.testkit.HostStorage;
import io.kvbm.testkit.RecordingCompletion;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The contract of {@link Transport}, along every route between the kinds the backend allocates and
 * plain host memory that one of its transports supports.
 */
public abstract class TransportContract extends BackendContract {

  private static final int MARGIN = 97;

  private List<Lane> lanes;
  private StorageBytes bytes;

  /** Creates the contract; called by JUnit. */
  protected TransportContract() {}

  /** A transport and the storages at both ends of a route it supports. */
  private record Lane(
      Transport transport, LongFunction<Storage> source, LongFunction<Storage> target) {}

  /** A test of one lane with both storages open. */
  @FunctionalInterface
  private interface LaneTest {
    void run(Transport transport, Storage source, Storage target) throws Exception;
  }

  @BeforeEach
  final void findLanes() {
    List<Transport> transports = offered(Feature.TRANSFER, Backend::transports);
    List<LongFunction<Storage>> makers = new ArrayList<>();
    makers.add(HostStorage::new);
    for (StorageAllocator allocator : backend().allocators()) {
      makers.add(allocator::allocate);
    }
    lanes = new ArrayList<>();
    for (Transport transport : transports) {
      for (LongFunction<Storage> source : makers) {
        for (LongFunction<Storage> target : makers) {
          try (Storage from = source.apply(1);
              Storage to = target.apply(1)) {
            if (transport.supports(Route.between(from, to))) {
              lanes.add(new Lane(transport, source, target));
            }
          }
        }
      }
    }
    assertThat(lanes).as("routes supported between %s", makers).isNotEmpty();
    bytes = new StorageBytes(backend());
  }

  private void forEachLane(long sourceByteSize, long targetByteSize, LaneTest test)
      throws Exception {
    for (Lane lane : lanes) {
      try (Storage source = lane.source.apply(sourceByteSize);
          Storage target = lane.target.apply(targetByteSize)) {
        Assumptions.assumeFalse(overlap(source, target), "storages overlap: see AllocatorContract");
        test.run(lane.transport, source, target);
      }
    }
  }

  private static boolean overlap(Storage one, Storage other) {
    return one.isHostAccessible()
        && other.isHostAccessible()
        && one.view().asOverlappingSlice(other.view()).isPresent();
  }

  @Test
  void namesItselfAndSupportsOnlyRoutesItKnows() {
    StorageType unheardOf = StorageType.of("unheard-of");
    for (Lane lane : lanes) {
      assertThat(lane.transport.name()).isNotBlank();
      assertThat(lane.transport.supports(new Route(unheardOf, unheardOf))).isFalse();
      assertThat(lane.transport.supports(new Route(StorageType.SYSTEM, unheardOf))).isFalse();
      assertThat(lane.transport.supports(new Route(unheardOf, StorageType.SYSTEM))).isFalse();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 63, 512, 4096, 5000, 65_536, (1 << 20) + 11, (9 << 20) + 5})
  void everyByteArrivesAndNoneBesides(int fullByteSize) throws Exception {
    int byteSize = scaled(fullByteSize, Math.min(fullByteSize, 5000));
    forEachLane(
        byteSize + MARGIN,
        byteSize + 2L * MARGIN,
        (transport, source, target) -> {
          write(source, MARGIN, byteSize, 21);
          target.memset(BytePatterns.GUARD & 0xFF, 0, target.byteSize());
          RecordingCompletion completion = completion(1);
          transport.submit(
              TransferBatch.builder().add(0, source, MARGIN, target, MARGIN, byteSize).build(),
              completion);
          assertThat(completion.await())
              .as("%s of %d bytes", Route.between(source, target), byteSize)
              .containsExactly(new BlockOutcome.Done(byteSize));
          verifyCopied(source, target, MARGIN, byteSize, 21);
          verifyGuards(target, MARGIN, byteSize);
          if (StorageBytes.keepsBytes(source)) {
            BytePatterns.verify(bytes.read(source, MARGIN, byteSize), 21, "source after the copy");
          }
        });
  }

  @Test
  void alignedCopiesArriveToo() throws Exception {
    int byteSize = 64 << 10;
    forEachLane(
        byteSize,
        byteSize + 8192,
        (transport, source, target) -> {
          write(source, 0, byteSize, 22);
          target.memset(BytePatterns.GUARD & 0xFF, 0, target.byteSize());
          RecordingCompletion completion = completion(1);
          transport.submit(
              TransferBatch.builder().add(0, source, 0, target, 4096, byteSize).build(),
              completion);
          assertThat(completion.await()).containsExactly(new BlockOutcome.Done(byteSize));
          verifyCopied(source, target, 4096, byteSize, 22);
          verifyGuards(target, 4096, byteSize);
        });
  }

  @Test
  void blocksOfSeveralCopiesReportTheSumOnce() throws Exception {
    int part = 3000;
    int blocks = 7;
    int parts = 4;
    forEachLane(
        (long) part * parts * blocks,
        (part + 13L) * parts * blocks,
        (transport, source, target) -> {
          TransferBatch.Builder batch = TransferBatch.builder();
          target.memset(BytePatterns.GUARD & 0xFF, 0, target.byteSize());
          for (int i = 0; i < blocks * parts; i++) {
            int from = (blocks * parts - 1 - i) * part; // reversed: nothing may be joined
            write(source, from, part, i);
            batch.add(i / parts, source, from, target, i * (part + 13L), part);
          }
          RecordingCompletion completion = completion(blocks);
          transport.submit(batch.build(), completion);
          assertThat(completion.await())
              .hasSize(blocks)
              .containsOnly(new BlockOutcome.Done((long) part * parts));
          for (int i = 0; i < blocks * parts; i++) {
            verifyCopied(source, target, i * (part + 13L), part, i);
            verifyGuard(target, i * (part + 13L) + part, 13);
          }
        });
  }

  @Test
  void copiesThatFollowEachOtherArriveAsIfCopiedAlone() throws Exception {
    int part = 4096;
    int blocks = 32;
    forEachLane(
        (long) part * blocks,
        part * (blocks + 2L),
        (transport, source, target) -> {
          TransferBatch.Builder batch = TransferBatch.builder();
          target.memset(BytePatterns.GUARD & 0xFF, 0, target.byteSize());
          for (int i = 0; i < blocks; i++) {
            write(source, (long) i * part, part, i);
            batch.add(i, source, (long) i * part, target, (i + 1L) * part, part);
          }
          RecordingCompletion completion = completion(blocks);
          transport.submit(batch.build(), completion);
          assertThat(completion.await()).hasSize(blocks).containsOnly(new BlockOutcome.Done(part));
          for (int i = 0; i < blocks; i++) {
            verifyCopied(source, target, (i + 1L) * part, part, i);
          }
          verifyGuards(target, part, (long) part * blocks);
        });
  }

  @Test
  void closedStorageFailsItsBlocksAndOnlyThem() throws Exception {
    for (Lane lane : lanes) {
      try (Storage source = lane.source.apply(8192);
          Storage target = lane.target.apply(8192)) {
        Storage closed = lane.source.apply(8192);
        write(source, 0, 8192, 31);
        TransferBatch batch =
            TransferBatch.builder()
                .add(0, source, 0, target, 0, 1000)
                .add(1, closed, 0, target, 2000, 1000)
                .add(2, source, 4000, target, 4000, 1000)
                .build();
        closed.close();
        RecordingCompletion completion = completion(3);
        lane.transport.submit(batch, completion);
        List<BlockOutcome> outcomes = completion.await();
        assertThat(outcomes.get(0)).isEqualTo(new BlockOutcome.Done(1000));
        assertThat(completion.awaitFailure(1).code()).isEqualTo(ErrorCode.CLOSED);
        assertThat(outcomes.get(2)).isEqualTo(new BlockOutcome.Done(1000));
      }
    }
  }

  @Test
  void leasedStoragesAreMovedEvenWhenClosed() throws Exception {
    int byteSize = scaled(3 << 20, 1 << 16);
    forEachLane(
        byteSize,
        byteSize,
        (transport, source, target) -> {
          write(source, 0, byteSize, 51);
          RecordingCompletion completion = completion(1);
          TransferBatch batch =
              TransferBatch.builder().add(0, source, 0, target, 0, byteSize).build();
          try (Lease _ = source.lease();
              Lease _ = target.lease()) {
            source.close();
            target.close();
            transport.submit(batch, completion);
            assertThat(completion.await()).containsExactly(new BlockOutcome.Done(byteSize));
            if (target.region() instanceof Region.HostRegion) {
              verifyCopied(source, target, 0, byteSize, 51);
            }
          }
        });
  }

  @Test
  void aFileThatEndsEarlyFailsTheBlock() throws Exception {
    AtomicInteger files = new AtomicInteger();
    forEachLane(
        1 << 16,
        1 << 16,
        (transport, source, target) -> {
          if (source.region() instanceof Region.FileRegion file) {
            file.file().truncate(file.position() + (1 << 15));
            RecordingCompletion completion = completion(1);
            transport.submit(
                TransferBatch.builder().add(0, source, 0, target, 0, 1 << 16).build(), completion);
            assertThat(completion.awaitFailure(0).getMessage()).isNotBlank();
            files.incrementAndGet();
          }
        });
    Assumptions.assumeTrue(files.get() > 0, "no route starts in a file that could be cut short");
  }

  @Test
  void aBatchCancelledBeforeItStartsMovesNothing() throws Exception {
    forEachLane(
        1 << 16,
        1 << 16,
        (transport, source, target) -> {
          write(source, 0, 1 << 16, 41);
          target.memset(BytePatterns.GUARD & 0xFF, 0, target.byteSize());
          RecordingCompletion completion = completion(4);
          completion.cancel();
          transport.submit(fourBlocks(source, target), completion);
          assertThat(completion.await()).hasSize(4).containsOnly(new BlockOutcome.Cancelled());
          verifyGuard(target, 0, target.byteSize());
        });
  }

  @Test
  void aBatchCancelledOnTheWayEndsEachBlockWholeOrNot() throws Exception {
    for (int queries = 1; queries < 5; queries++) {
      int answers = queries;
      forEachLane(
          1 << 16,
          1 << 16,
          (transport, source, target) -> {
            write(source, 0, 1 << 16, 42);
            RecordingCompletion completion = RecordingCompletion.cancellingAfter(4, answers);
            TransferBatch batch = fourBlocks(source, target);
            transport.submit(batch, completion);
            List<BlockOutcome> outcomes = completion.await();
            for (int block = 0; block < 4; block++) {
              assertThat(outcomes.get(block)).isNotInstanceOf(BlockOutcome.Failed.class);
              if (outcomes.get(block).isDone()
                  && StorageBytes.keepsBytes(source)
                  && StorageBytes.keepsBytes(target)) {
                MemorySegment expected = bytes.read(source, batch.sourceOffset(block), 9000);
                MemorySegment actual = bytes.read(target, batch.targetOffset(block), 9000);
                assertThat(actual.mismatch(expected)).as("block %d", block).isEqualTo(-1);
              }
            }
          });
    }
  }

  private static TransferBatch fourBlocks(Storage source, Storage target) {
    TransferBatch.Builder batch = TransferBatch.builder();
    IntStream.range(0, 4)
        .forEach(i -> batch.add(i, source, i * 16_000L, target, (3 - i) * 16_000L, 9000));
    return batch.build();
  }

  @Test
  void threadsSubmitSideBySide() throws Exception {
    int part = 30_000;
    forEachLane(
        (long) part * Concurrently.THREADS,
        (long) part * Concurrently.THREADS,
        (transport, source, target) -> {
          for (int thread = 0; thread < Concurrently.THREADS; thread++) {
            write(source, (long) thread * part, part, thread);
          }
          Concurrently.run(
              thread -> {
                for (int round = 0; round < 5; round++) {
                  RecordingCompletion completion = completion(1);
                  long at = (long) thread * part;
                  transport.submit(
                      TransferBatch.builder().add(0, source, at, target, at, part).build(),
                      completion);
                  completion.awaitDone();
                }
              });
          for (int thread = 0; thread < Concurrently.THREADS; thread++) {
            verifyCopied(source, target, (long) thread * part, part, thread);
          }
        });
  }

  @Test
  void randomBatchesGiveWhatArraysGive() throws Exception {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    int byteSize = 100_000;
    forEachLane(
        byteSize,
        byteSize,
        (transport, source, target) -> {
          byte[] from = new byte[byteSize];
          if (StorageBytes.keepsBytes(source)) {
            random.nextBytes(from);
          }
          bytes.write(source, 0, MemorySegment.ofArray(from));
          byte[] model = new byte[byteSize];
          target.memset(0, 0, byteSize);
          for (int round = 0; round < 8; round++) {
            TransferBatch.Builder batch = TransferBatch.builder();
            int blocks = 1 + random.nextInt(6);
            int room = byteSize / blocks;
            for (int block = 0; block < blocks; block++) {
              int length = 1 + random.nextInt(room);
              int offset = random.nextInt(byteSize - length + 1);
              int to = block * room + random.nextInt(room - length + 1);
              batch.add(block, source, offset, target, to, length);
              System.arraycopy(from, offset, model, to, length);
            }
            RecordingCompletion completion = completion(blocks);
            transport.submit(batch.build(), completion);
            completion.awaitDone();
          }
          if (StorageBytes.keepsBytes(target)) {
            assertThat(bytes.read(target, 0, byteSize).mismatch(MemorySegment.ofArray(model)))
                .as("first byte that differs, %s, seed %d", Route.between(source, target), seed)
                .isEqualTo(-1);
          }
        });
  }

  private void write(Storage source, long offset, int byteSize, long seed) {
    bytes.write(source, offset, BytePatterns.heap(byteSize, seed));
  }

  private void verifyCopied(Storage source, Storage target, long offset, long byteSize, long seed) {
    if (!StorageBytes.keepsBytes(target)) {
      return;
    }
    MemorySegment actual = bytes.read(target, offset, byteSize);
    String what = "%s, target from byte %d".formatted(Route.between(source, target), offset);
    if (StorageBytes.keepsBytes(source)) {
      BytePatterns.verify(actual, seed, what);
    } else {
      BytePatterns.verifyAll(actual, (byte) 0, what);
    }
  }

  private void verifyGuards(Storage target, long offset, long byteSize) {
    verifyGuard(target, 0, offset);
    verifyGuard(target, offset + byteSize, target.byteSize() - offset - byteSize);
  }

  private void verifyGuard(Storage target, long offset, long byteSize) {
    if (StorageBytes.keepsBytes(target)) {
      BytePatterns.verifyAll(
          bytes.read(target, offset, byteSize), BytePatterns.GUARD, "guard from byte " + offset);
    }
  }
}
