package io.kvbm.core.pool;

import static io.kvbm.core.pool.Pools.key;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.CallerException;
import io.kvbm.api.CapacityException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.block.BasicMetadata;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.block.MutableBlock;
import io.kvbm.api.block.WeakBlock;
import io.kvbm.api.layout.Layout;
import io.kvbm.api.layout.LayoutConfig;
import io.kvbm.api.layout.LayoutType;
import io.kvbm.api.storage.AbstractStorage;
import io.kvbm.api.storage.Region;
import io.kvbm.api.storage.StorageType;
import io.kvbm.core.layout.Layouts;
import io.kvbm.core.registry.BlockRegistry;
import io.kvbm.testkit.HostStorage;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Everything at once from several threads, then: nothing lost, nothing counted twice, no content
 * seen to change.
 */
@Timeout(60)
class BlockPoolStressTest {

  private static final int THREADS = 6;
  private static final int KEYS = 48;

  private final long seed = ThreadLocalRandom.current().nextLong();

  @Test
  void everythingAtOnceWithDuplicatesAllowed() throws Exception {
    everythingAtOnce(DuplicatePolicy.ALLOW, 30_000);
  }

  @Test
  void everythingAtOnceWithDuplicatesRejected() throws Exception {
    everythingAtOnce(DuplicatePolicy.REJECT, 30_000);
  }

  private void everythingAtOnce(DuplicatePolicy duplicates, int steps) throws Exception {
    BlockRegistry registry = new BlockRegistry(KEYS);
    BlockPool pool =
        BlockPool.builder().layout(layout(20)).duplicates(duplicates).registry(registry, 0).build();
    AtomicLongArray content = new AtomicLongArray(1000);
    inParallel(
        thread -> {
          Actor actor = new Actor(pool, content, new SplittableRandom(seed + thread));
          for (int i = 0; i < steps; i++) {
            actor.act();
            if (thread == 0 && i % 7000 == 3000) {
              pool.addBlocks(layout(3));
            }
          }
          actor.letGo();
        });
    int total = (int) pool.totalBlocks();
    PoolStatus status = pool.status();
    assertThat(status.active()).as("seed %d, %s", seed, status).isZero();
    int present = 0;
    for (int n = 0; n < KEYS; n++) {
      boolean contained = pool.contains(key(n));
      present += contained ? 1 : 0;
      assertThat(registry.isPresent(key(n), 0)).as("seed %d, key %d", seed, n).isEqualTo(contained);
    }
    assertThat(status.inactive()).as("seed %d", seed).isEqualTo(present);
    List<MutableBlock> all = pool.allocateBlocks(total);
    assertThat(all).extracting(MutableBlock::blockId).doesNotHaveDuplicates();
    assertThat(registry.size()).as("seed %d", seed).isZero();
    BlockPool.closeAll(all);
    assertThat(pool.status()).isEqualTo(new PoolStatus(0, 0, total));
  }

  /** One thread's view: holds some blocks, always with the content of their keys. */
  private static final class Actor {
    private final BlockPool pool;
    private final AtomicLongArray content;
    private final SplittableRandom random;
    private final Deque<ImmutableBlock> held = new ArrayDeque<>();
    private final List<WeakBlock> weak = new ArrayList<>();

    Actor(BlockPool pool, AtomicLongArray content, SplittableRandom random) {
      this.pool = pool;
      this.content = content;
      this.random = random;
    }

    void act() {
      long n = random.nextInt(KEYS);
      switch (random.nextInt(12)) {
        case 0, 1, 2 -> fill(n);
        case 3, 4 -> pool.find(key(n)).ifPresent(this::hold);
        case 5 -> upgrade();
        case 6 -> pool.find(key(n)).ifPresent(pool::remove);
        case 7 -> evictions();
        case 8 -> pool.resetBlocks(List.of(key(n)));
        case 9 -> shareAndClose();
        case 10 -> tryReset();
        default -> {
          if (!held.isEmpty()) {
            check(held.peekFirst());
            held.pollFirst().close();
          }
        }
      }
      while (held.size() > 2) {
        check(held.peekLast());
        held.pollLast().close();
      }
    }

    private void fill(long n) {
      Optional<List<MutableBlock>> fresh = pool.tryAllocateBlocks(1);
      if (fresh.isPresent()) {
        MutableBlock block = fresh.get().getFirst();
        content.set(block.blockId(), n);
        BlockKey parent = n == 0 ? null : key((n - 1) / 2);
        hold(block.complete(key(n), parent).register());
      }
    }

    private void hold(ImmutableBlock block) {
      check(block);
      weak.add(block.downgrade());
      if (weak.size() > 30) {
        weak.removeFirst();
      }
      held.addLast(block);
    }

    private void check(ImmutableBlock block) {
      assertThat(key(content.get(block.blockId()))).isEqualTo(block.key());
    }

    private void upgrade() {
      if (!weak.isEmpty()) {
        WeakBlock one = weak.get(random.nextInt(weak.size()));
        one.upgrade()
            .ifPresent(
                block -> {
                  assertThat(block.key()).isEqualTo(one.key());
                  check(block);
                  block.close();
                });
      }
    }

    private void evictions() {
      for (Eviction eviction : pool.beginEvictions(1 + random.nextInt(3))) {
        check(eviction.block());
        if (random.nextBoolean()) {
          eviction.finish();
        } else {
          eviction.cancel();
        }
        assertThat(eviction.finish()).as("ended already").isFalse();
      }
    }

    private void shareAndClose() {
      if (!held.isEmpty()) {
        try (ImmutableBlock second = held.peekFirst().share()) {
          check(second);
        }
      }
    }

    private void tryReset() {
      try {
        pool.reset();
      } catch (CallerException e) {
        assertThat(e.code()).isEqualTo(ErrorCode.RESET_REFUSED);
      }
    }

    void letGo() {
      held.forEach(ImmutableBlock::close);
      held.clear();
    }
  }

  @Test
  void closingThePoolMidwayLosesNoBlock() throws Exception {
    for (int round = 0; round < 30; round++) {
      try (ExecutorService executor = Executors.newFixedThreadPool(2)) {
        BlockPool pool = BlockPool.builder().logical(Pools.shape(16)).executor(executor).build();
        AtomicInteger refusals = new AtomicInteger();
        long roundSeed = seed + 100L * round;
        inParallel(
            thread -> {
              SplittableRandom random = new SplittableRandom(roundSeed + thread);
              for (int i = 0; i < 60; i++) {
                if (thread == 0 && i == 30) {
                  pool.close();
                }
                CompletableFuture<List<MutableBlock>> pending =
                    pool.allocateBlocksAsync(1 + random.nextInt(3)).toCompletableFuture();
                pending
                    .thenAccept(BlockPool::closeAll)
                    .exceptionally(
                        error -> {
                          Throwable cause = error.getCause();
                          assertThat(cause)
                              .isInstanceOfAny(ClosedException.class, CapacityException.class);
                          refusals.incrementAndGet();
                          return null;
                        })
                    .join();
              }
            });
        executor.shutdown();
        assertThat(executor.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
        assertThat(refusals.get()).as("seed %d", roundSeed).isPositive();
        assertThat(pool.status()).as("seed %d", roundSeed).isEqualTo(new PoolStatus(0, 0, 16));
      }
    }
  }

  /**
   * Keys that stay are found although others come, go and let the index be rebuilt under the
   * readers.
   */
  @Test
  void theIndexNeverHidesAKeyThatStays() throws Exception {
    Slot mark = new Slot(-1, new BasicMetadata());
    SlotIndex index = new SlotIndex(4, mark);
    Slot[] staying = new Slot[40];
    for (int i = 0; i < staying.length; i++) {
      staying[i] = slot(i, i);
      index.insert(staying[i]);
    }
    AtomicInteger writing = new AtomicInteger(1);
    inParallel(
        thread -> {
          SplittableRandom random = new SplittableRandom(seed + thread);
          if (thread == 0) {
            churn(index, random);
            writing.set(0);
            return;
          }
          while (writing.get() > 0) {
            int n = random.nextInt(staying.length);
            assertThat(index.find(key(n))).as("seed %d", seed).isSameAs(staying[n]);
            assertThat(index.findByHash(n)).isSameAs(staying[n]);
            assertThat(index.find(key(-5))).isNull();
          }
        });
    assertThat(index.size()).isEqualTo(staying.length);
  }

  private static void churn(SlotIndex index, SplittableRandom random) {
    List<Slot> passing = new ArrayList<>();
    for (int i = 0; i < 200_000; i++) {
      if (passing.size() > 60 || !passing.isEmpty() && random.nextBoolean()) {
        Slot gone = passing.remove(random.nextInt(passing.size()));
        index.remove(gone);
      } else {
        Slot fresh = slot(1000 + i, 1000 + random.nextInt(1 << 20) * 1000L + i % 1000);
        if (index.find(fresh.key) == null) {
          index.insert(fresh);
          passing.add(fresh);
        }
      }
    }
    passing.forEach(index::remove);
  }

  private static Slot slot(int id, long n) {
    Slot slot = new Slot(id, new BasicMetadata());
    slot.key = key(n);
    slot.keyHi = slot.key.hi();
    slot.keyLo = slot.key.lo();
    return slot;
  }

  @Test
  void theReturnStackGivesEachSlotOnce() throws Exception {
    ReturnStack stack = new ReturnStack();
    AtomicLongArray taken = new AtomicLongArray(THREADS * 5000);
    inParallel(
        thread -> {
          for (int i = 0; i < 5000; i++) {
            stack.push(new Slot(thread * 5000 + i, new BasicMetadata()));
            if (i % 7 == 0) {
              take(stack, taken);
            }
          }
        });
    take(stack, taken);
    for (int i = 0; i < taken.length(); i++) {
      assertThat(taken.get(i)).as("slot %d", i).isEqualTo(1);
    }
  }

  private static void take(ReturnStack stack, AtomicLongArray taken) {
    for (Slot slot = stack.takeAll(); slot != null; slot = slot.nextReturned) {
      taken.incrementAndGet(slot.id);
    }
  }

  @Test
  void blocksOfAnotherKindOfStorageDoNotJoin() {
    BlockPool pool = BlockPool.builder().layout(layout(2)).build();
    Layout pinned =
        Layouts.of(LayoutType.FULLY_CONTIGUOUS)
            .bind(Pools.shape(2), List.of(new OtherStorage(4096)));
    assertThatThrownBy(() -> pool.addBlocks(pinned))
        .isInstanceOfSatisfying(
            KvbmException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_ARGUMENT))
        .hasMessageContaining("pinned");
    assertThat(pool.totalBlocks()).isEqualTo(2);
  }

  private static final class OtherStorage extends AbstractStorage {
    OtherStorage(long byteSize) {
      super(StorageType.PINNED, 0, byteSize);
    }

    @Override
    public boolean isHostAccessible() {
      return false;
    }

    @Override
    protected Region openRegion() {
      return new Region.NullRegion(byteSize());
    }

    @Override
    protected void fill(byte value, long offset, long length) {}

    @Override
    protected void free() {}
  }

  private static Layout layout(int blocks) {
    LayoutConfig shape = Pools.shape(blocks);
    long byteSize = Layouts.of(LayoutType.FULLY_CONTIGUOUS).storageByteSizes(shape).getFirst();
    return Layouts.of(LayoutType.FULLY_CONTIGUOUS).bind(shape, List.of(new HostStorage(byteSize)));
  }

  private interface Body {
    void run(int thread) throws Exception;
  }

  private static void inParallel(Body body) throws Exception {
    try (ExecutorService threads = Executors.newFixedThreadPool(THREADS)) {
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < THREADS; i++) {
        int thread = i;
        running.add(
            threads.submit(
                () -> {
                  body.run(thread);
                  return null;
                }));
      }
      for (Future<?> one : running) {
        one.get(50, TimeUnit.SECONDS);
      }
    }
  }
}
