package io.kvbm.bench.cache;

import io.kvbm.cli.settings.PlatformFactory;
import io.kvbm.cli.settings.Surroundings;
import io.kvbm.core.Platform;
import io.kvbm.core.cache.GpuCache;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.ConcurrentHashMap;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** A cache that is full, and the map that holds the same keys. */
@State(Scope.Benchmark)
public class FilledCache {

  /** Values in the cache. */
  @Param("4096")
  public int values;

  private static final int VALUE_BYTE_SIZE = 1024;

  /** The kind of memory the values are in; a look-up never touches it. */
  @Param("system")
  public String memory;

  GpuCache cache;
  final ConcurrentHashMap<String, Long> map = new ConcurrentHashMap<>();
  private Platform platform;

  /** Fills both. */
  @Setup(Level.Trial)
  public void fill() {
    platform = new PlatformFactory(Surroundings.ofProcess(), null).open();
    cache =
        GpuCache.builder(platform.allocator(memory), (long) values * VALUE_BYTE_SIZE)
            .platform(platform)
            .build();
    MemorySegment value = MemorySegment.ofArray(new byte[VALUE_BYTE_SIZE]);
    for (int i = 0; i < values; i++) {
      cache.cache(key(i), value);
      map.put(key(i), cache.devicePointerOrZero(key(i)));
    }
  }

  /** Ends the cache. */
  @TearDown(Level.Trial)
  public void close() {
    cache.close();
    platform.close();
  }

  static String key(int index) {
    return "layer-" + index % 64 + "/block-" + index;
  }
}
