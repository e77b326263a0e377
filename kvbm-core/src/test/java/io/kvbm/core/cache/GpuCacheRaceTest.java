package io.kvbm.core.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.CapacityException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.cache.DeviceCache.Pin;
import io.kvbm.api.policy.EvictionPolicy;
import io.kvbm.api.policy.EvictionPolicyProvider;
import io.kvbm.core.policy.EvictionPolicies;
import io.kvbm.core.policy.ForwardingPolicy;
import io.kvbm.testkit.BytePatterns;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Pins against eviction, replacement, removal and close. */
class GpuCacheRaceTest {

  private static final int UNIT = 256;
  private static final int THREADS = 4;
  private static final int STEPS = 4_000;

  private final CacheWorld world = new CacheWorld();

  @AfterEach
  void close() {
    world.close();
  }

  // ---- one thread stopped in the middle: the policy calls back under the cache's lock

  /** What happens when the policy has chosen a victim, and when it was told of the eviction. */
  private static final class Moments {
    Runnable chosen = () -> {};
    Runnable evicted = () -> {};
  }

  private static EvictionPolicyProvider interrupted(Moments moments) {
    return new EvictionPolicyProvider() {
      @Override
      public String name() {
        return "lru";
      }

      @Override
      public String description() {
        return "lets the test in between";
      }

      @Override
      public EvictionPolicy create(int capacity) {
        return new ForwardingPolicy(EvictionPolicies.of("lru").create(capacity)) {
          @Override
          public int victim() {
            int slot = super.victim();
            moments.chosen.run();
            return slot;
          }

          @Override
          public void evicted(int slot) {
            super.evicted(slot);
            moments.evicted.run();
          }
        };
      }
    };
  }

  private static <T> T elsewhere(Callable<T> call) {
    try (ExecutorService thread = Executors.newSingleThreadExecutor()) {
      return thread.submit(call).get();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aVictimThatIsPinnedAfterItWasChosenStaysAndAnotherGoes() {
    Moments moments = new Moments();
    List<Pin> pins = new ArrayList<>();
    try (GpuCache cache = world.builder(2 * UNIT).evictionPolicy(interrupted(moments)).build()) {
      cache.cache("a", BytePatterns.heap(UNIT, 1));
      cache.cache("b", BytePatterns.heap(UNIT, 2));
      moments.chosen =
          () -> {
            moments.chosen = () -> {};
            pins.add(elsewhere(() -> cache.pin("a").orElseThrow())); // needs no lock
          };
      cache.cache("c", BytePatterns.heap(UNIT, 3));
      assertThat(world.holds(pins.getFirst(), 1)).isTrue();
      assertThat(cache.devicePointer("b")).isEmpty();
      pins.getFirst().close();
      cache.cache("d", BytePatterns.heap(UNIT, 4));
      cache.cache("e", BytePatterns.heap(UNIT, 5));
      assertThat(cache.devicePointer("a")).as("let go, so evicted at last").isEmpty();
    }
  }

  @Test
  void aVictimWhosePinIsClosedMeanwhileIsEvictedAllTheSame() {
    Moments moments = new Moments();
    try (GpuCache cache = world.builder(UNIT).evictionPolicy(interrupted(moments)).build()) {
      cache.cache("a", BytePatterns.heap(UNIT, 1));
      Pin pin = cache.pin("a").orElseThrow();
      pin.close();
      moments.chosen =
          () -> {
            moments.chosen = () -> {};
            Pin again = elsewhere(() -> cache.pin("a").orElseThrow());
            moments.chosen = again::close; // asked again: nothing was left, and now there is
          };
      // The first victim is pinned; closing that pin happens before the cache looks once more.
      cache.cache("b", BytePatterns.heap(UNIT, 2));
      assertThat(cache.devicePointer("a")).isEmpty();
      assertThat(cache.devicePointer("b")).isPresent();
    }
  }

  @Test
  void aPinOfWhatIsBeingEvictedIsAMiss() {
    Moments moments = new Moments();
    List<Boolean> pinned = new ArrayList<>();
    try (GpuCache cache = world.builder(UNIT).evictionPolicy(interrupted(moments)).build()) {
      cache.cache("a", BytePatterns.heap(UNIT, 1));
      moments.evicted = () -> pinned.add(elsewhere(() -> cache.pin("a").isPresent()));
      cache.cache("b", BytePatterns.heap(UNIT, 2));
      assertThat(pinned).containsExactly(false);
    }
  }

  // ---- by chance, many times

  @Test
  void aPinAlwaysShowsTheBytesOfItsKeyWhateverOthersDo() throws Exception {
    long seed = 11;
    GpuCache cache = world.cache(12 * UNIT);
    List<Callable<Integer>> tasks = new ArrayList<>();
    for (int thread = 0; thread < THREADS; thread++) {
      int number = thread;
      tasks.add(() -> work(cache, new SplittableRandom(seed + number), "seed " + (seed + number)));
    }
    int checked = 0;
    try (ExecutorService threads = Executors.newFixedThreadPool(THREADS)) {
      for (Future<Integer> each : threads.invokeAll(tasks)) {
        checked += each.get();
      }
    }
    assertThat(checked).isPositive();
    cache.cache("all", MemorySegment.ofArray(new byte[12 * UNIT])); // every byte came back
    cache.close();
    assertThat(world.slab().isClosed()).isTrue();
  }

  /** The first word of a value says which key it has, and which pattern follows. */
  private int work(GpuCache cache, SplittableRandom random, String when) {
    int checked = 0;
    for (int step = 0; step < STEPS; step++) {
      int key = random.nextInt(10);
      switch (random.nextInt(6)) {
        case 0, 1 -> put(cache, key, random);
        case 2 -> cache.remove("k" + key);
        case 3 -> cache.devicePointerOrZero("k" + key);
        default -> checked += check(cache, key, when + ", step " + step) ? 1 : 0;
      }
    }
    return checked;
  }

  private static void put(GpuCache cache, int key, SplittableRandom random) {
    MemorySegment data = MemorySegment.ofArray(new byte[16 + 8 * random.nextInt(60)]);
    long pattern = random.nextLong();
    data.set(ValueLayout.JAVA_LONG_UNALIGNED, 0, key);
    data.set(ValueLayout.JAVA_LONG_UNALIGNED, 8, pattern);
    BytePatterns.fill(data.asSlice(16), pattern);
    try {
      cache.cache("k" + key, data);
    } catch (CapacityException e) {
      // the others hold pins or fill
    }
  }

  private boolean check(GpuCache cache, int key, String when) {
    try (Pin pin = cache.pin("k" + key).orElse(null)) {
      if (pin == null) {
        return false;
      }
      MemorySegment bytes = world.at(pin.devicePointer(), pin.byteSize());
      assertThat(bytes.get(ValueLayout.JAVA_LONG_UNALIGNED, 0)).as(when).isEqualTo(key);
      long pattern = bytes.get(ValueLayout.JAVA_LONG_UNALIGNED, 8);
      BytePatterns.verify(bytes.asSlice(16), pattern, when);
      return true;
    }
  }

  @Test
  void pinsThatRaceCloseKeepTheMemoryAndTheLastFreesIt() throws Exception {
    for (int round = 0; round < 50; round++) {
      GpuCache cache = world.cache(2 * UNIT);
      cache.cache("a", BytePatterns.heap(UNIT, 1));
      try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
        Future<?> pins = threads.submit(() -> pinUntilClosed(cache));
        Future<?> closing = threads.submit(cache::close);
        closing.get();
        pins.get();
      }
      assertThat(world.slab().isClosed()).isTrue();
    }
  }

  private void pinUntilClosed(GpuCache cache) {
    try {
      while (true) {
        try (Pin pin = cache.pin("a").orElse(null)) {
          if (pin != null) {
            BytePatterns.verify(world.at(pin.devicePointer(), UNIT), 1, "pinned");
          }
        }
      }
    } catch (ClosedException e) {
      // as it must come
    }
  }
}
