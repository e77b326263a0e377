package io.kvbm.core.transfer;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.layout.LayoutType;
import io.kvbm.api.transfer.BlockOutcome;
import io.kvbm.api.transfer.TransferHandle;
import io.kvbm.core.Platform;
import io.kvbm.testkit.HostStorage;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.Test;

/** Many threads on few routes, every byte checked. */
class TransferRaceTest {

  private static final int THREADS = 8;
  private static final int SLOTS_PER_THREAD = 12;
  private static final int ROUNDS = 150;

  /** What one thread does: moves among slots that only it has, remembering what is where. */
  private final class Mover implements Callable<Void> {
    private final TransferEngine engine;
    private final List<TestBlocks> places;
    private final int firstSlot;
    private final SplittableRandom random;
    private final long[][] seeds;
    private final String seedText;

    Mover(TransferEngine engine, List<TestBlocks> places, int thread, long seed) {
      this.engine = engine;
      this.places = places;
      this.firstSlot = thread * SLOTS_PER_THREAD;
      this.random = new SplittableRandom(seed + thread);
      this.seeds = new long[places.size()][SLOTS_PER_THREAD];
      this.seedText = "seed " + seed + " thread " + thread;
    }

    @Override
    public Void call() {
      for (int place = 0; place < places.size(); place++) {
        for (int slot = 0; slot < SLOTS_PER_THREAD; slot++) {
          seeds[place][slot] = random.nextLong();
          places.get(place).fill(firstSlot + slot, seeds[place][slot]);
        }
      }
      for (int round = 0; round < ROUNDS; round++) {
        move(random.nextInt(places.size()), random.nextInt(places.size()));
      }
      for (int place = 0; place < places.size(); place++) {
        for (int slot = 0; slot < SLOTS_PER_THREAD; slot++) {
          places.get(place).verify(firstSlot + slot, seeds[place][slot]);
        }
      }
      return null;
    }

    private void move(int source, int target) {
      List<BlockMove> moves = new ArrayList<>();
      int count = 1 + random.nextInt(SLOTS_PER_THREAD / 2);
      int from = random.nextInt(SLOTS_PER_THREAD / 2 - count + 1);
      for (int i = 0; i < count; i++) {
        int targetSlot = SLOTS_PER_THREAD / 2 + (from + 5 * i) % (SLOTS_PER_THREAD / 2);
        moves.add(BlockMove.of(firstSlot + from + i, firstSlot + targetSlot));
      }
      TransferHandle handle =
          engine.submit(
              places.get(source).place(),
              places.get(target).place(),
              moves,
              TransferOptions.DEFAULT.withPriority(random.nextInt(3)));
      boolean cancelled = random.nextInt(4) == 0 && handle.cancel();
      settle(handle.await(), moves, source, target, cancelled);
    }

    private void settle(
        List<BlockOutcome> outcomes,
        List<BlockMove> moves,
        int source,
        int target,
        boolean cancelled) {
      for (int i = 0; i < moves.size(); i++) {
        int from = moves.get(i).sourceSlot() - firstSlot;
        int to = moves.get(i).targetSlot() - firstSlot;
        switch (outcomes.get(i)) {
          case BlockOutcome.Done _ -> {
            seeds[target][to] = seeds[source][from];
            places.get(target).verify(firstSlot + to, seeds[target][to]);
          }
          case BlockOutcome.Cancelled _ -> {
            assertThat(cancelled).as(seedText).isTrue();
            seeds[target][to] = random.nextLong();
            places.get(target).fill(firstSlot + to, seeds[target][to]);
          }
          case BlockOutcome.Failed failed -> throw new AssertionError(seedText, failed.cause());
        }
      }
    }
  }

  private void race(TransferEngine engine, List<TestBlocks> places) throws Exception {
    long seed = ThreadLocalRandom.current().nextLong();
    try (ExecutorService threads = Executors.newFixedThreadPool(THREADS)) {
      List<Future<Void>> ends = new ArrayList<>();
      for (int thread = 0; thread < THREADS; thread++) {
        ends.add(threads.submit(new Mover(engine, places, thread, seed)));
      }
      for (Future<Void> end : ends) {
        end.get();
      }
    }
  }

  private static TestBlocks host(LayoutType type) {
    return TestBlocks.of(
        type,
        TestBlocks.SHAPE.toBuilder().numBlocks(THREADS * SLOTS_PER_THREAD).build(),
        HostStorage::new);
  }

  private static TestBlocks far(LayoutType type) {
    return TestBlocks.of(
        type,
        TestBlocks.SHAPE.toBuilder().numBlocks(THREADS * SLOTS_PER_THREAD).build(),
        FarStorage::new);
  }

  @Test
  void onTheSystemBackend() throws Exception {
    TransferLimits tight = new TransferLimits(8, 1 << 20, 2, 2, 1 << 12);
    try (Platform platform = Platform.builder().transferLimits(tight).build();
        TestBlocks whole = host(LayoutType.FULLY_CONTIGUOUS);
        TestBlocks layered = host(LayoutType.LAYER_SEPARATE_OUTER_CONTIGUOUS);
        TestBlocks paged = host(LayoutType.PAGED)) {
      race(platform.transfers(), List.of(whole, layered, paged));
    }
  }

  /** Batches end on other threads than they start on, and go in two hops. */
  @Test
  void byHostMemoryWithATransportOfItsOwnThreads() throws Exception {
    TransferLimits tight = new TransferLimits(16, 1 << 20, 3, 4, 1 << 10);
    HeldTransport transport = HeldTransport.holding("cxl->system", "system->cxl");
    List<Thread> workers = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      workers.add(Thread.ofPlatform().daemon().start(transport::finishForEver));
    }
    try (TestEnvironment environment = new TestEnvironment(transport);
        TransferEngine engine = environment.engine(tight);
        TestBlocks whole = far(LayoutType.FULLY_CONTIGUOUS);
        TestBlocks layered = far(LayoutType.LAYER_SEPARATE_BLOCK_CONTIGUOUS);
        TestBlocks near = host(LayoutType.FULLY_CONTIGUOUS)) {
      race(engine, List.of(whole, layered));
      assertThat(environment.buffersAllocated()).isLessThanOrEqualTo(3);
      near.fill(1, 77);
      engine
          .submit(near.place(), whole.place(), List.of(BlockMove.of(1, 0)), TransferOptions.DEFAULT)
          .await();
      whole.verify(0, 77);
    } finally {
      transport.stop(workers.size());
      for (Thread worker : workers) {
        worker.join();
      }
    }
  }
}
