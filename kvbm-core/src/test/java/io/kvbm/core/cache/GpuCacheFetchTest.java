package io.kvbm.core.cache;

import static io.kvbm.core.cache.CacheWorld.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.CapacityException;
import io.kvbm.api.CorruptionException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.store.ObjectStore;
import io.kvbm.testkit.BytePatterns;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Reading through from a store. */
class GpuCacheFetchTest {

  private static final int UNIT = 256;

  private final CacheWorld world = new CacheWorld();
  private final AtomicInteger reads = new AtomicInteger();
  private volatile Runnable beforeGet = () -> {};
  private volatile Runnable afterGet = () -> {};
  private final GpuCache cache = world.builder(4 * UNIT).readThrough(watched()).build();

  @AfterEach
  void close() {
    cache.close();
    world.close();
  }

  private ObjectStore watched() {
    return (ObjectStore)
        Proxy.newProxyInstance(
            getClass().getClassLoader(),
            new Class<?>[] {ObjectStore.class},
            (_, method, arguments) -> {
              boolean get = method.getName().equals("get");
              if (get) {
                reads.incrementAndGet();
                beforeGet.run();
              }
              try {
                return method.invoke(world.store, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              } finally {
                if (get) {
                  afterGet.run();
                }
              }
            });
  }

  private void verify(long pointer, int byteSize, long seed) {
    BytePatterns.verify(world.at(pointer, byteSize), seed, "fetched");
  }

  @Test
  void aMissIsReadThroughAndThenAHit() throws Exception {
    world.put("a", 1000, 1);
    long pointer = await(cache.fetch("a")).orElseThrow();
    verify(pointer, 1000, 1);
    assertThat(cache.devicePointer("a")).hasValue(pointer);
    assertThat(await(cache.fetch("a"))).hasValue(pointer);
    assertThat(reads).hasValue(1);
    assertThat(await(cache.fetch("absent"))).isEmpty();
    world.put("empty", 0, 2);
    assertThat(await(cache.fetch("empty"))).isPresent();
  }

  @Test
  void withoutAStoreAMissStaysAMiss() throws Exception {
    try (GpuCache alone = world.cache(UNIT)) {
      assertThat(await(alone.fetch("a"))).isEmpty();
    }
  }

  @Test
  void missesOfOneKeyAtATimeReadOnce() throws Exception {
    world.put("a", UNIT, 1);
    world.steering.holds = true;
    List<CompletionStage<OptionalLong>> fetches = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      fetches.add(cache.fetch("a"));
    }
    world.steering.next().run();
    for (CompletionStage<OptionalLong> fetch : fetches) {
      verify(await(fetch).orElseThrow(), UNIT, 1);
    }
    assertThat(reads).hasValue(1);
  }

  @Test
  void anExecutorThatFailsOnceFailsOnlyWhatItWasGiven() throws Exception {
    world.put("a", UNIT, 1);
    IllegalStateException failure = new IllegalStateException("no thread");
    AtomicInteger calls = new AtomicInteger();
    Executor failing =
        task -> {
          if (calls.incrementAndGet() <= 2) {
            throw failure;
          }
          world.platform.executor().execute(task);
        };
    try (Arena arena = Arena.ofShared();
        GpuCache other = world.builder(UNIT).readThrough(world.store).executor(failing).build()) {
      assertThatThrownBy(() -> await(other.fetch("a"))).hasCause(failure);
      MemorySegment bytes = arena.allocate(UNIT);
      assertThatThrownBy(() -> await(other.cacheAsync("a", bytes))).hasCause(failure);
      assertThat(other.remove("a")).as("a write is still to come").isFalse();
      verify(await(other.fetch("a")).orElseThrow(), UNIT, 1);
    }
  }

  @Test
  void aLoadThatFailsCachesNothingAndIsTriedAnew() throws Exception {
    world.put("a", UNIT, 1);
    CorruptionException damage = new CorruptionException(ErrorCode.CORRUPT, "not what was put");
    beforeGet =
        () -> {
          throw damage;
        };
    assertThatThrownBy(() -> await(cache.fetch("a"))).hasCause(damage);
    beforeGet = () -> {};
    world.steering.failure = damage;
    assertThatThrownBy(() -> await(cache.fetch("a"))).hasCause(damage);
    assertThat(cache.devicePointer("a")).isEmpty();
    assertThat(cache.statistics().usedByteSize()).isZero();
    world.steering.failure = null;
    verify(await(cache.fetch("a")).orElseThrow(), UNIT, 1);
  }

  @Test
  void anObjectLargerThanTheCacheIsRefused() {
    world.put("a", 4 * UNIT + 1, 1);
    assertThatThrownBy(() -> await(cache.fetch("a"))).hasCauseInstanceOf(CapacityException.class);
    assertThat(reads).hasValue(0);
  }

  @Test
  void anObjectThatGrowsWhileItIsReadComesWhole() throws Exception {
    world.put("a", UNIT, 1);
    beforeGet =
        () -> {
          beforeGet = () -> {};
          world.put("a", 2 * UNIT, 2);
        };
    verify(await(cache.fetch("a")).orElseThrow(), 2 * UNIT, 2);
  }

  @Test
  void whatWasReadBeforeARemovalIsReadAgain() throws Exception {
    world.put("a", UNIT, 1);
    afterGet =
        () -> {
          afterGet = () -> {};
          world.put("a", UNIT, 2);
          cache.remove("a");
        };
    verify(await(cache.fetch("a")).orElseThrow(), UNIT, 2);
    assertThat(reads).hasValue(2);
    assertThat(cache.statistics().usedByteSize()).isEqualTo(UNIT);
  }

  @Test
  void whatWasCachedDuringALoadIsNotReplacedByIt() throws Exception {
    world.put("a", UNIT, 1);
    afterGet = () -> cache.cache("a", BytePatterns.heap(UNIT, 2));
    verify(await(cache.fetch("a")).orElseThrow(), UNIT, 2);
    assertThat(cache.statistics().usedByteSize()).isEqualTo(UNIT);
  }
}
