package io.kvbm.core.cache;

import static io.kvbm.core.cache.CacheWorld.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.BackendException;
import io.kvbm.api.CallerException;
import io.kvbm.api.CapacityException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.cache.DeviceCache.Pin;
import io.kvbm.core.policy.EvictionPolicies;
import io.kvbm.testkit.BytePatterns;
import io.kvbm.testkit.HostStorage;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class GpuCacheTest {

  private static final int UNIT = 256;

  private final CacheWorld world = new CacheWorld();

  @AfterEach
  void close() {
    world.close();
  }

  private static MemorySegment bytes(int byteSize, long seed) {
    return BytePatterns.heap(byteSize, seed);
  }

  private void verify(GpuCache cache, String key, long seed) {
    try (Pin pin = cache.pin(key).orElseThrow()) {
      BytePatterns.verify(world.at(pin.devicePointer(), pin.byteSize()), seed, key);
    }
  }

  private static void fill(GpuCache cache, String... keys) {
    for (String key : keys) {
      cache.cache(key, bytes(UNIT, key.hashCode()));
    }
  }

  // ---- values

  @Test
  void valuesOfAnyKindOfMemoryAreWhereTheirPointersPoint() {
    try (GpuCache cache = world.cache(4 << 20);
        Arena shared = Arena.ofShared();
        Arena confined = Arena.ofConfined()) {
      cache.cache("native", BytePatterns.allocate(shared, 100_001, 1));
      cache.cache("confined", BytePatterns.allocate(confined, 1000, 2));
      cache.cache("heap", bytes((2 << 20) + 5, 3)); // more than a staging buffer
      cache.cache("read only", bytes(7, 4).asReadOnly());
      cache.cache("empty", bytes(0, 5));

      verify(cache, "native", 1);
      verify(cache, "confined", 2);
      verify(cache, "heap", 3);
      verify(cache, "read only", 4);
      assertThat(cache.pin("empty")).hasValueSatisfying(p -> assertThat(p.byteSize()).isZero());
      for (String key : List.of("native", "confined", "heap", "read only", "empty")) {
        long pointer = cache.devicePointer(key).orElseThrow();
        assertThat(pointer).isPositive().isEqualTo(cache.devicePointerOrZero(key));
        assertThat(pointer % UNIT).as(key).isZero();
      }
    }
  }

  @Test
  void statisticsCountHitsMissesEvictionsAndBytes() {
    try (GpuCache cache = world.cache(2 * UNIT - 1)) {
      assertThat(cache.capacityByteSize()).isEqualTo(2 * UNIT);
      fill(cache, "a", "b", "c");
      assertThat(cache.devicePointer("a")).isEmpty();
      assertThat(cache.devicePointerOrZero("a")).isZero();
      assertThat(cache.pin("a")).isEmpty();
      assertThat(cache.devicePointer("b")).isPresent();
      cache.devicePointerOrZero("b");
      cache.pin("b").orElseThrow().close();
      assertThat(cache.statistics().hits()).isEqualTo(3);
      assertThat(cache.statistics().misses()).isEqualTo(3);
      assertThat(cache.statistics().evictions()).isEqualTo(1);
      assertThat(cache.statistics().usedByteSize()).isEqualTo(2 * UNIT);
      cache.remove("b");
      assertThat(cache.statistics().usedByteSize()).isEqualTo(UNIT);
      assertThat(cache.statistics().evictions()).isEqualTo(1);
    }
  }

  @Test
  void aCacheWithoutAPlatformBringsItsOwn() {
    try (GpuCache cache = GpuCache.create(world, 1 << 16)) {
      cache.cache("a", bytes(1000, 1));
      verify(cache, "a", 1);
    }
    assertThat(world.slab().isClosed()).isTrue();
  }

  @Test
  void whatCannotBeACacheIsRefusedAndFreed() {
    assertThatThrownBy(() -> world.cache(0)).isInstanceOf(ConfigurationException.class);
    assertThatThrownBy(() -> world.cache(Long.MAX_VALUE))
        .isInstanceOf(ConfigurationException.class);
    assertThatThrownBy(() -> world.builder(UNIT).evictionPolicy("lur").build())
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("lru");
    assertThatThrownBy(
            () ->
                GpuCache.builder(world.platform.allocator("null"), UNIT)
                    .platform(world.platform)
                    .build())
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("no addresses");
  }

  // ---- eviction

  @Test
  void theLeastRecentlyUsedValueIsEvicted() {
    try (GpuCache cache = world.cache(3 * UNIT)) {
      fill(cache, "a", "b", "c");
      cache.devicePointer("b");
      cache.devicePointer("a");
      cache.devicePointer("b");
      fill(cache, "d"); // c was not used
      assertThat(cache.devicePointer("c")).isEmpty();
      fill(cache, "e"); // a was used before b
      assertThat(cache.devicePointer("a")).isEmpty();
      assertThat(cache.devicePointer("b")).isPresent();
    }
  }

  @Test
  void whatWasUsedOnceStaysHoweverOftenAnotherWasUsedSince() {
    try (GpuCache cache = world.cache(3 * UNIT)) {
      fill(cache, "a", "b", "c");
      cache.devicePointer("a");
      for (int i = 0; i < 3 * HitLog.RING; i++) {
        cache.devicePointer("c");
      }
      fill(cache, "d");
      assertThat(cache.devicePointer("a")).isPresent();
      assertThat(cache.devicePointer("b")).isEmpty();
    }
  }

  @Test
  void aPinnedValueIsNotEvictedAndIsAgainAfterwards() {
    try (GpuCache cache = world.cache(2 * UNIT)) {
      fill(cache, "a", "b");
      Pin pin = cache.pin("a").orElseThrow();
      Pin second = cache.pin("a").orElseThrow();
      fill(cache, "c", "d", "e");
      assertThat(world.holds(pin, "a".hashCode())).isTrue();
      pin.close();
      pin.close();
      fill(cache, "f");
      assertThat(world.holds(second, "a".hashCode())).isTrue();
      second.close();
      fill(cache, "g", "h");
      assertThat(cache.devicePointer("a")).isEmpty();
    }
  }

  @Test
  void whereEnoughIsFreeButInPiecesValuesAreEvictedUntilARunIsLongEnough() {
    try (GpuCache cache = world.cache(4 * UNIT)) {
      fill(cache, "a", "b", "c", "d");
      cache.remove("a");
      cache.remove("c"); // 2 units are free, none beside the other
      cache.cache("large", bytes(2 * UNIT, 9));
      verify(cache, "large", 9);
      assertThat(cache.devicePointer("b")).isEmpty();
      assertThat(cache.devicePointer("d")).isPresent();
    }
  }

  static List<String> policies() {
    return EvictionPolicies.names();
  }

  @ParameterizedTest
  @MethodSource("policies")
  void everyPolicyKeepsTheCacheBounded(String policy) {
    try (GpuCache cache = world.builder(32 * UNIT).evictionPolicy(policy).build()) {
      for (int i = 0; i < 200; i++) {
        cache.cache("k" + i % 50, bytes(1 + i * 37 % (3 * UNIT), i));
        verify(cache, "k" + i % 50, i);
        cache.devicePointer("k" + i % 7);
        assertThat(cache.statistics().usedByteSize()).isBetween(1L, 32L * UNIT);
      }
      assertThat(cache.statistics().evictions()).isPositive();
    }
  }

  // ---- no room

  @Test
  void aValueLargerThanTheCacheIsRefusedAndTheOlderStays() throws Exception {
    try (GpuCache cache = world.cache(2 * UNIT)) {
      fill(cache, "a", "b");
      assertThatThrownBy(() -> cache.cache("a", bytes(2 * UNIT + 1, 1)))
          .isInstanceOfSatisfying(
              CapacityException.class,
              e -> {
                assertThat(e.requested()).isEqualTo(2 * UNIT + 1);
                assertThat(e.available()).isEqualTo(2 * UNIT);
              });
      assertThatThrownBy(() -> await(cache.cacheAsync("a", bytes(2 * UNIT + 1, 1))))
          .hasCauseInstanceOf(CapacityException.class);
      verify(cache, "a", "a".hashCode());
      verify(cache, "b", "b".hashCode());
    }
  }

  @Test
  void nothingIsEvictedForWhatWouldNotFitBetweenPins() {
    try (GpuCache cache = world.cache(5 * UNIT)) {
      fill(cache, "a", "b", "c", "d", "e");
      try (Pin pin = cache.pin("c").orElseThrow()) {
        assertThatThrownBy(() -> cache.cache("a", bytes(3 * UNIT, 1)))
            .isInstanceOf(CapacityException.class)
            .hasMessageContaining("at most 512 in a row");
        assertThat(world.holds(pin, "c".hashCode())).isTrue();
      }
      assertThat(cache.statistics().evictions()).isZero();
      for (String key : List.of("a", "b", "c", "d", "e")) {
        verify(cache, key, key.hashCode());
      }
      cache.cache("a", bytes(3 * UNIT, 1));
      verify(cache, "a", 1);
    }
  }

  @Test
  void theOlderValueLeavesWhereItsReplacementNeedsTheRoom() {
    try (GpuCache cache = world.cache(3 * UNIT)) {
      cache.cache("a", bytes(2 * UNIT, 1));
      fill(cache, "b");
      try (Pin pin = cache.pin("b").orElseThrow()) {
        cache.cache("a", bytes(2 * UNIT, 2));
        verify(cache, "a", 2);
        assertThat(world.holds(pin, "b".hashCode())).isTrue();
      }
      try (Pin pin = cache.pin("a").orElseThrow()) {
        assertThatThrownBy(() -> cache.cache("a", bytes(2 * UNIT, 3)))
            .isInstanceOf(CapacityException.class);
        assertThat(world.holds(pin, 2)).isTrue();
      }
      verify(cache, "a", 2);
    }
  }

  // ---- pins of what leaves

  @Test
  void aReplacedOrRemovedValueKeepsItsBytesUntilItsLastPinIsClosed() {
    try (GpuCache cache = world.cache(3 * UNIT)) {
      cache.cache("a", bytes(UNIT, 1));
      Pin replaced = cache.pin("a").orElseThrow();
      cache.cache("a", bytes(UNIT, 2));
      Pin removed = cache.pin("a").orElseThrow();
      assertThat(cache.remove("a")).isTrue();
      assertThat(cache.remove("a")).isFalse();
      assertThat(cache.pin("a")).isEmpty();
      fill(cache, "b", "c", "d");
      assertThat(cache.statistics().usedByteSize()).isEqualTo(3 * UNIT);
      assertThat(world.holds(replaced, 1)).isTrue();
      assertThat(world.holds(removed, 2)).isTrue();
      replaced.close();
      removed.close();
      assertThat(cache.statistics().usedByteSize()).isEqualTo(UNIT);
    }
  }

  // ---- failures

  @Test
  void aTransferThatFailsLeavesNoValue() {
    try (GpuCache cache = world.cache(4 * UNIT)) {
      fill(cache, "a", "b");
      BackendException failure =
          new BackendException(ErrorCode.OPERATION_FAILED, "the bus is gone", null);
      world.steering.failure = failure;
      assertThatThrownBy(() -> fill(cache, "a")).isSameAs(failure);
      assertThatThrownBy(() -> fill(cache, "c")).isSameAs(failure);
      assertThatThrownBy(() -> await(cache.cacheAsync("d", bytes(UNIT, 1)))).hasCause(failure);
      world.steering.failure = null;
      for (String key : List.of("a", "c", "d")) {
        assertThat(cache.devicePointer(key)).as(key).isEmpty();
      }
      assertThat(cache.statistics().usedByteSize()).isEqualTo(UNIT);
      cache.cache("a", bytes(2 * UNIT, 4));
      verify(cache, "a", 4);
      verify(cache, "b", "b".hashCode());
    }
  }

  @Test
  void memoryThatIsGoneIsRefused() {
    try (GpuCache cache = world.cache(UNIT)) {
      Arena arena = Arena.ofShared();
      MemorySegment gone = arena.allocate(8);
      arena.close();
      assertThatThrownBy(() -> cache.cache("a", gone)).isInstanceOf(CallerException.class);
    }
  }

  // ---- asynchronous fills

  @Test
  void aValueIsNotSeenBeforeItIsThereWhole() throws Exception {
    try (GpuCache cache = world.cache(4 * UNIT)) {
      fill(cache, "a");
      world.steering.holds = true;
      CompletionStage<Void> fill = cache.cacheAsync("a", bytes(UNIT, 2));
      Runnable batch = world.steering.next();
      assertThat(fill.toCompletableFuture()).isNotDone();
      verify(cache, "a", "a".hashCode());
      batch.run();
      await(fill);
      verify(cache, "a", 2);
    }
  }

  @Test
  void aSlowFillNeverUndoesALaterWriteOrRemoval() throws Exception {
    try (GpuCache cache = world.cache(8 * UNIT)) {
      world.steering.holds = true;
      CompletionStage<Void> written = cache.cacheAsync("a", bytes(UNIT, 1));
      Runnable first = world.steering.next();
      CompletionStage<Void> removed = cache.cacheAsync("b", bytes(UNIT, 2));
      Runnable second = world.steering.next();
      world.steering.holds = false;
      cache.cache("a", bytes(UNIT, 3));
      assertThat(cache.remove("b")).as("it was about to come").isTrue();
      assertThat(cache.remove("b")).isFalse();
      first.run();
      second.run();
      await(written);
      await(removed);
      verify(cache, "a", 3);
      assertThat(cache.devicePointer("b")).isEmpty();
      assertThat(cache.statistics().usedByteSize()).isEqualTo(UNIT);
    }
  }

  @Test
  void bytesOfOneThreadAreRefusedWhereAnotherWouldReadThem() {
    try (GpuCache cache = world.cache(UNIT);
        Arena confined = Arena.ofConfined()) {
      assertThatThrownBy(() -> cache.cacheAsync("a", confined.allocate(8)))
          .isInstanceOf(CallerException.class)
          .hasMessageContaining("shared arena");
    }
  }

  @Test
  void anExecutorThatTakesNoMoreFailsTheStages() {
    try (GpuCache cache =
        world
            .builder(UNIT)
            .readThrough(world.store)
            .executor(
                _ -> {
                  throw new RejectedExecutionException();
                })
            .build()) {
      assertThatThrownBy(() -> await(cache.cacheAsync("a", bytes(8, 1))))
          .hasCauseInstanceOf(ClosedException.class);
      assertThatThrownBy(() -> await(cache.fetch("a"))).hasCauseInstanceOf(ClosedException.class);
      assertThat(cache.remove("a")).isFalse();
    }
  }

  // ---- closing

  @Test
  void afterCloseEveryCallIsRefusedAndPinsKeepTheMemory() {
    GpuCache cache = world.cache(2 * UNIT);
    fill(cache, "a", "b");
    Pin pin = cache.pin("a").orElseThrow();
    cache.close();
    cache.close();
    assertThatThrownBy(() -> cache.devicePointer("a")).isInstanceOf(ClosedException.class);
    assertThatThrownBy(() -> cache.devicePointerOrZero("a")).isInstanceOf(ClosedException.class);
    assertThatThrownBy(() -> cache.pin("a")).isInstanceOf(ClosedException.class);
    assertThatThrownBy(() -> fill(cache, "a")).isInstanceOf(ClosedException.class);
    assertThatThrownBy(() -> cache.cacheAsync("a", bytes(1, 1)))
        .isInstanceOf(ClosedException.class);
    assertThatThrownBy(() -> cache.fetch("a")).isInstanceOf(ClosedException.class);
    assertThatThrownBy(() -> cache.remove("a")).isInstanceOf(ClosedException.class);
    assertThat(cache.statistics().usedByteSize()).isEqualTo(UNIT);

    assertThat(world.slab().isClosed()).isFalse();
    assertThat(world.holds(pin, "a".hashCode())).isTrue();
    pin.close();
    assertThat(world.slab().isClosed()).isTrue();
  }

  @Test
  void closeWaitsForFillsThatRunAndFailsThoseThatDoNot() throws Exception {
    ConcurrentLinkedQueue<Runnable> queued = new ConcurrentLinkedQueue<>();
    GpuCache cache = world.builder(2 * UNIT).executor(queued::add).build();
    world.steering.holds = true;
    CompletionStage<Void> runs = cache.cacheAsync("a", bytes(UNIT, 1));
    CompletionStage<Void> waits = cache.cacheAsync("b", bytes(UNIT, 2));
    Thread filling = Thread.ofPlatform().daemon().start(queued.remove());
    Runnable batch = world.steering.next();
    Thread closing = Thread.ofPlatform().daemon().start(cache::close);
    while (closing.getState() != Thread.State.WAITING) {
      Thread.onSpinWait();
    }
    assertThat(world.slab().isClosed()).isFalse();
    batch.run();
    await(runs);
    closing.join();
    filling.join();
    assertThat(world.slab().isClosed()).isTrue();
    queued.remove().run();
    assertThatThrownBy(() -> await(waits)).hasCauseInstanceOf(ClosedException.class);
  }

  @Test
  void aContinuationMayCloseTheCache() throws Exception {
    GpuCache cache = world.cache(UNIT);
    await(cache.cacheAsync("a", bytes(UNIT, 1)).thenRun(cache::close));
    assertThat(world.slab().isClosed()).isTrue();
  }

  @Test
  void memoryThatATransferLeftBehindMayWriteIsNotUsedAgain() {
    GpuCache cache = world.cache(2 * UNIT);
    world.steering.failure = new ClosedException(ErrorCode.PROGRESS_ENGINE_SHUTDOWN, "left");
    assertThatThrownBy(() -> fill(cache, "a")).isInstanceOf(ClosedException.class);
    world.steering.failure = null;
    fill(cache, "b");
    assertThat(cache.devicePointer("b")).hasValue(world.slab().address() + UNIT);
    assertThatThrownBy(() -> cache.cache("c", bytes(2 * UNIT, 1)))
        .isInstanceOf(CapacityException.class);
    cache.close();
    assertThat(world.slab().isClosed()).isTrue();
  }

  @Test
  void stagingMemoryMayComeFromElsewhere() {
    CacheWorld other = new CacheWorld();
    try (GpuCache cache = world.builder(UNIT).staging(other).build()) {
      cache.cache("a", bytes(UNIT, 1));
      assertThat(other.slab()).isInstanceOf(HostStorage.class);
      verify(cache, "a", 1);
    }
    assertThat(other.slab().isClosed()).isTrue();
    other.close();
  }
}
