package io.kvbm.backend.disk;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.ErrorCode;
import io.kvbm.api.spi.MemoryBudget;
import io.kvbm.api.storage.Region;
import io.kvbm.api.storage.StorageType;
import io.kvbm.api.transfer.BlockOutcome;
import io.kvbm.api.transfer.Route;
import io.kvbm.api.transfer.TransferBatch;
import io.kvbm.api.transfer.Transport;
import io.kvbm.testkit.HostStorage;
import io.kvbm.testkit.RecordingCompletion;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class FileTransportTest {

  private static final long BLOCK = 64 << 10;

  @TempDir Path directory;

  private final ExecutorService threads = Executors.newFixedThreadPool(4);
  private final FileTransport transport = transportOn(threads);

  @AfterEach
  void close() {
    transport.close();
    threads.close();
  }

  @Test
  void routesLeadBetweenFilesAndHostMemoryOnly() {
    StorageType disk = StorageType.disk(3);
    assertThat(transport.supports(new Route(disk, StorageType.SYSTEM))).isTrue();
    assertThat(transport.supports(new Route(StorageType.SYSTEM, disk))).isTrue();
    assertThat(transport.supports(new Route(disk, StorageType.PINNED))).isTrue();
    assertThat(transport.supports(new Route(StorageType.PINNED, disk))).isTrue();
    assertThat(transport.supports(new Route(disk, disk))).isFalse();
    assertThat(transport.supports(new Route(StorageType.SYSTEM, StorageType.SYSTEM))).isFalse();
    assertThat(transport.supports(new Route(StorageType.device(0), disk))).isFalse();
  }

  @ParameterizedTest
  @EnumSource(DirectAccess.class)
  void scatteredBlocksComeBackAsTheyWere(DirectAccess direct) {
    DirectDirectory.assume(directory, direct);
    int blocks = 40;
    try (DiskStorage file = create("scattered", blocks * BLOCK, direct);
        HostStorage host = new HostStorage(blocks * BLOCK);
        HostStorage back = new HostStorage(blocks * BLOCK)) {
      TestBytes.randomise(host, 1);
      TransferBatch.Builder out = TransferBatch.builder();
      TransferBatch.Builder in = TransferBatch.builder();
      for (int i = 0; i < blocks; i++) {
        long elsewhere = (i * 7L % blocks) * BLOCK;
        out.add(i, host, i * BLOCK, file, elsewhere, BLOCK);
        in.add(i, file, elsewhere, back, i * BLOCK, BLOCK);
      }
      assertThat(run(transport, out.build()))
          .hasSize(blocks)
          .containsOnly(new BlockOutcome.Done(BLOCK));
      assertThat(run(transport, in.build())).containsOnly(new BlockOutcome.Done(BLOCK));
      assertThat(back.view().mismatch(host.view())).isEqualTo(-1);
    }
  }

  @ParameterizedTest
  @EnumSource(DirectAccess.class)
  void anyRangeMovesToAndFromAnyAddress(DirectAccess direct) {
    DirectDirectory.assume(directory, direct);
    long seed = 20_260_101;
    Random random = new Random(seed);
    int size = 6 * 4096 + 777;
    try (DiskStorage file = create("ranges", size, direct);
        HostStorage host = new HostStorage(size);
        HostStorage back = new HostStorage(size)) {
      TestBytes.randomise(host, seed);
      byte[] expected = new byte[size];
      byte[] source = TestBytes.of(host);
      for (int round = 0; round < 60; round++) {
        int length = 1 + random.nextInt(size);
        int from = random.nextInt(size - length + 1);
        int to = random.nextInt(size - length + 1);
        TransferBatch write = TransferBatch.builder().add(0, host, from, file, to, length).build();
        assertThat(run(transport, write)).containsExactly(new BlockOutcome.Done(length));
        System.arraycopy(source, from, expected, to, length);
        TransferBatch read = TransferBatch.builder().add(0, file, to, back, from, length).build();
        assertThat(run(transport, read)).containsExactly(new BlockOutcome.Done(length));
        assertThat(back.view().asSlice(from, length))
            .as("round %d of seed %d", round, seed)
            .matches(bytes -> bytes.mismatch(host.view().asSlice(from, length)) == -1);
        assertThat(TestBytes.of(file)).as("round %d of seed %d", round, seed).isEqualTo(expected);
      }
      assertThat(file.path()).hasSize(size);
    }
  }

  @ParameterizedTest
  @EnumSource(DirectAccess.class)
  void writersOfOnePageNeverLoseEachOthersBytes(DirectAccess direct) {
    DirectDirectory.assume(directory, direct);
    int piece = 100;
    int pieces = 800;
    try (DiskStorage file = create("shared", (long) piece * pieces, direct);
        HostStorage host = new HostStorage((long) piece * pieces)) {
      TestBytes.randomise(host, 3);
      TransferBatch.Builder even = TransferBatch.builder();
      TransferBatch.Builder odd = TransferBatch.builder();
      for (int i = 0; i < pieces; i++) {
        long offset = (long) i * piece;
        (i % 2 == 0 ? even : odd).add(i / 2, host, offset, file, offset, piece);
      }
      RecordingCompletion first = new RecordingCompletion(pieces / 2);
      RecordingCompletion second = new RecordingCompletion(pieces / 2);
      transport.submit(even.build(), first);
      transport.submit(odd.build(), second);
      assertThat(first.await()).containsOnly(new BlockOutcome.Done(piece));
      assertThat(second.await()).containsOnly(new BlockOutcome.Done(piece));
      assertThat(TestBytes.of(file)).isEqualTo(TestBytes.of(host));
    }
  }

  @Test
  void blocksOfSeveralCopiesAreReportedOnceWithAllTheirBytes() {
    int layers = 5;
    int blocks = 9;
    long part = 3000;
    try (DiskStorage file = create("layers", layers * blocks * part, DirectAccess.AUTO);
        HostStorage host = new HostStorage(layers * blocks * part)) {
      TestBytes.randomise(host, 4);
      TransferBatch.Builder batch = TransferBatch.builder();
      for (int block = 0; block < blocks; block++) {
        for (int layer = 0; layer < layers; layer++) {
          long offset = (layer * blocks + block) * part;
          batch.add(block, host, offset, file, offset, part);
        }
      }
      assertThat(run(transport, batch.build()))
          .hasSize(blocks)
          .containsOnly(new BlockOutcome.Done(layers * part));
      assertThat(TestBytes.of(file)).isEqualTo(TestBytes.of(host));
    }
  }

  @Test
  void adjacentCopiesBecomeOneOperationAndLargeOnesSeveral() {
    try (DiskStorage file = create("plan", 16 << 20, DirectAccess.OFF);
        HostStorage host = new HostStorage(16 << 20)) {
      TransferBatch.Builder adjacent = TransferBatch.builder();
      for (int i = 0; i < 128; i++) {
        adjacent.add(i, host, i * BLOCK, file, i * BLOCK, BLOCK);
      }
      assertThat(FileOperation.plan(adjacent.build()))
          .containsExactly(
              new FileOperation(0, 64, 0, 4 << 20), new FileOperation(64, 64, 0, 4 << 20));
      TransferBatch large = TransferBatch.builder().add(0, host, 0, file, 0, (9 << 20) + 1).build();
      assertThat(FileOperation.plan(large))
          .containsExactly(
              new FileOperation(0, 1, 0, 4 << 20),
              new FileOperation(0, 1, 4 << 20, 4 << 20),
              new FileOperation(0, 1, 8 << 20, (1 << 20) + 1));
      assertThat(run(transport, large)).containsExactly(new BlockOutcome.Done((9 << 20) + 1));
    }
  }

  @Test
  void theEndOfAFileIsAFailureOfThoseBlocksOnly() {
    try (DiskStorage file = create("short", 4 * BLOCK, DirectAccess.AUTO);
        HostStorage host = new HostStorage(4 * BLOCK)) {
      TestBytes.randomise(host, 5);
      TransferBatch.Builder batch = TransferBatch.builder();
      for (int i = 0; i < 4; i++) {
        batch.add(i, file, i * BLOCK, host, i * BLOCK, BLOCK);
      }
      ((Region.FileRegion) file.region()).file().truncate(2 * BLOCK + 100);
      List<BlockOutcome> outcomes = run(transport, batch.build());
      assertThat(outcomes.subList(0, 2)).containsOnly(new BlockOutcome.Done(BLOCK));
      assertThat(outcomes.subList(2, 4))
          .allSatisfy(outcome -> assertThat(codeOf(outcome)).isEqualTo(ErrorCode.OUT_OF_BOUNDS));
    }
  }

  @Test
  void aClosedStorageFailsItsBlocks() {
    DiskStorage file = create("closed", BLOCK, DirectAccess.AUTO);
    try (HostStorage host = new HostStorage(BLOCK)) {
      TransferBatch batch = TransferBatch.builder().add(0, file, 0, host, 0, BLOCK).build();
      file.close();
      assertThat(codeOf(run(transport, batch).getFirst())).isEqualTo(ErrorCode.CLOSED);
    }
  }

  @Test
  void cancellingStopsWhatWasNotStarted() {
    int blocks = 64;
    try (DiskStorage file = create("cancel", 2 * blocks * BLOCK, DirectAccess.AUTO);
        HostStorage host = new HostStorage(2 * blocks * BLOCK)) {
      TransferBatch.Builder batch = TransferBatch.builder();
      for (int i = 0; i < blocks; i++) {
        batch.add(i, host, 2 * i * BLOCK, file, 2 * i * BLOCK, BLOCK);
      }
      List<BlockOutcome> outcomes =
          run(transport, batch.build(), RecordingCompletion.cancellingAfter(blocks, 10));
      assertThat(outcomes).filteredOn(BlockOutcome::isDone).hasSize(10);
      assertThat(outcomes)
          .filteredOn(outcome -> outcome instanceof BlockOutcome.Cancelled)
          .hasSize(blocks - 10);
    }
  }

  @Test
  void closingWaitsForBatchesInFlightAndRefusesLaterOnes() throws InterruptedException {
    FileTransport closing = transportOn(threads);
    CountDownLatch release = new CountDownLatch(1);
    for (int i = 0; i < 4; i++) {
      threads.execute(() -> awaitQuietly(release));
    }
    try (DiskStorage file = create("inflight", BLOCK, DirectAccess.AUTO);
        HostStorage host = new HostStorage(BLOCK)) {
      TransferBatch batch = TransferBatch.builder().add(0, host, 0, file, 0, BLOCK).build();
      RecordingCompletion inFlight = new RecordingCompletion(1);
      closing.submit(batch, inFlight);
      Thread closer = new Thread(closing::close);
      closer.start();
      release.countDown();
      closer.join();
      assertThat(inFlight.await()).containsExactly(new BlockOutcome.Done(BLOCK));
      assertThat(codeOf(run(closing, batch).getFirst())).isEqualTo(ErrorCode.CLOSED);
    }
  }

  @Test
  void threadsThatTakeNoWorkFailTheBatch() {
    ExecutorService ended = Executors.newFixedThreadPool(1);
    FileTransport idle = transportOn(ended);
    ended.close();
    try (DiskStorage file = create("rejected", BLOCK, DirectAccess.AUTO);
        HostStorage host = new HostStorage(BLOCK)) {
      TransferBatch batch = TransferBatch.builder().add(0, host, 0, file, 0, BLOCK).build();
      assertThat(codeOf(run(idle, batch).getFirst())).isEqualTo(ErrorCode.OPERATION_FAILED);
    }
    idle.close();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void anExecutorThatCannotStartThreadsLosesNoBlock(int startable) {
    List<Runnable> started = new ArrayList<>();
    FileTransport starved =
        new FileTransport(
            task -> {
              if (started.size() == startable) {
                throw new OutOfMemoryError("unable to create native thread");
              }
              started.add(task);
            },
            MemoryBudget.UNLIMITED,
            4);
    try (DiskStorage file = create("starved", 3 * BLOCK, DirectAccess.AUTO);
        HostStorage host = new HostStorage(3 * BLOCK)) {
      TransferBatch batch =
          TransferBatch.builder()
              .add(0, host, 0, file, 2 * BLOCK, BLOCK)
              .add(1, host, 2 * BLOCK, file, 0, BLOCK)
              .build();
      RecordingCompletion completion = new RecordingCompletion(2);
      starved.submit(batch, completion);
      started.forEach(Runnable::run);
      if (startable == 0) {
        assertThat(completion.await())
            .allSatisfy(
                outcome -> assertThat(codeOf(outcome)).isEqualTo(ErrorCode.OPERATION_FAILED));
      } else {
        assertThat(completion.await()).containsOnly(new BlockOutcome.Done(BLOCK));
      }
    }
    starved.close();
  }

  static List<BlockOutcome> run(Transport transport, TransferBatch batch) {
    return run(transport, batch, new RecordingCompletion(batch.blockCount()));
  }

  private static List<BlockOutcome> run(
      Transport transport, TransferBatch batch, RecordingCompletion completion) {
    transport.submit(batch, completion);
    return completion.await();
  }

  private static ErrorCode codeOf(BlockOutcome outcome) {
    return ((BlockOutcome.Failed) outcome).cause().code();
  }

  private static FileTransport transportOn(ExecutorService threads) {
    return new FileTransport(threads, MemoryBudget.UNLIMITED, 4);
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private DiskStorage create(String name, long byteSize, DirectAccess direct) {
    return DiskStorage.create(new FileDisk(), directory.resolve(name), byteSize, direct);
  }
}
