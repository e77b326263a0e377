package io.kvbm.core.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.CapacityException;
import io.kvbm.api.cache.DeviceCache.Pin;
import io.kvbm.testkit.BytePatterns;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Random calls against a map: what is there is what was put last, and pins keep their bytes. */
class GpuCacheModelTest {

  private static final int UNIT = 256;
  private static final int UNITS = 24;
  private static final int KEYS = 20;

  private record Held(Pin pin, long seed, int byteSize) {}

  private record Value(long seed, int byteSize) {}

  private final CacheWorld world = new CacheWorld();
  private final Map<String, Value> model = new HashMap<>();
  private final List<Held> held = new ArrayList<>();
  private long hits;
  private long misses;

  @AfterEach
  void close() {
    world.close();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void randomCalls(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    GpuCache cache = world.cache(UNITS * UNIT);
    for (int step = 0; step < 3_000; step++) {
      String when = "seed " + seed + ", step " + step;
      String key = "k" + random.nextInt(KEYS);
      switch (random.nextInt(8)) {
        case 0, 1 -> put(cache, key, random.nextInt(6 * UNIT), step, when);
        case 2 -> remove(cache, key, when);
        case 3 -> pin(cache, key, when);
        case 4, 5 -> letGo(random);
        default -> lookUp(cache, key, when);
      }
      assertThat(cache.statistics().usedByteSize()).as(when).isLessThanOrEqualTo(UNITS * UNIT);
    }
    assertThat(cache.statistics().hits()).isEqualTo(hits);
    assertThat(cache.statistics().misses()).isEqualTo(misses);
    while (!held.isEmpty()) {
      letGo(random);
    }
    cache.cache("all", BytePatterns.heap(UNITS * UNIT, seed)); // no byte was lost
    cache.close();
    assertThat(world.slab().isClosed()).isTrue();
  }

  private void put(GpuCache cache, String key, int byteSize, long seed, String when) {
    long evictions = cache.statistics().evictions();
    try {
      cache.cache(key, BytePatterns.heap(byteSize, seed));
      model.put(key, new Value(seed, byteSize));
    } catch (CapacityException e) {
      assertThat(held).as(when).isNotEmpty();
      assertThat(cache.statistics().evictions()).as(when).isEqualTo(evictions);
    }
  }

  private void remove(GpuCache cache, String key, String when) {
    boolean there = cache.remove(key);
    assertThat(there && !model.containsKey(key)).as(when).isFalse();
    model.remove(key);
  }

  private void pin(GpuCache cache, String key, String when) {
    Optional<Pin> pin = cache.pin(key);
    count(pin.isPresent());
    if (pin.isPresent()) {
      Value value = model.get(key);
      assertThat(value).as(when).isNotNull();
      assertThat(pin.get().byteSize()).as(when).isEqualTo(value.byteSize());
      assertThat(world.holds(pin.get(), value.seed())).as(when).isTrue();
      held.add(new Held(pin.get(), value.seed(), value.byteSize()));
    }
  }

  private void letGo(SplittableRandom random) {
    if (!held.isEmpty()) {
      Held next = held.remove(random.nextInt(held.size()));
      BytePatterns.verify(
          world.at(next.pin().devicePointer(), next.byteSize()), next.seed(), "pinned");
      next.pin().close();
    }
  }

  private void lookUp(GpuCache cache, String key, String when) {
    long pointer = cache.devicePointerOrZero(key);
    count(pointer != 0);
    if (pointer != 0) {
      Value value = model.get(key);
      assertThat(value).as(when).isNotNull();
      BytePatterns.verify(world.at(pointer, value.byteSize()), value.seed(), when);
    }
  }

  private void count(boolean hit) {
    if (hit) {
      hits++;
    } else {
      misses++;
    }
  }
}
