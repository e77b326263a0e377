package io.kvbm.bench.collections;

import java.util.HashMap;
import java.util.SplittableRandom;
import org.agrona.collections.Long2LongHashMap;
import org.agrona.collections.Long2ObjectHashMap;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** Maps from primitive keys, used as the pool, the deadlines and the trace readers use them. */
@BenchmarkMode(Mode.AverageTime)
public class MapBenchmark {

  private static final int REFERENCES = 1 << 18;
  private static final int ABSENT = -1;

  /** Entries that come and go: the oldest leaves when a new one enters. */
  @State(Scope.Thread)
  public static class Window {

    private static final int KEYS = 1 << 16;

    /**
     * Blocks that wait for a parent have random keys; timers have tick and index as the wheel
     * numbers them.
     */
    @Param({"random", "timer"})
    public String keys;

    /** How many are there at a time. */
    @Param({"64", "4096"})
    public int size;

    private final long[] sequence = new long[KEYS];
    private final Object value = new Object();
    private final Long2ObjectHashMap<Object> agrona = new Long2ObjectHashMap<>();
    private final HashMap<Long, Object> jdk = new HashMap<>();
    private int position;

    /** Fills both maps. */
    @Setup(Level.Trial)
    public void fill() {
      SplittableRandom random = new SplittableRandom(KEYS);
      boolean timers = keys.equals("timer");
      for (int i = 0; i < KEYS; i++) {
        sequence[i] = timers ? (long) (i & 1023) << 32 | i >>> 10 : random.nextLong();
      }
      for (position = 0; position < size; position++) {
        agrona.put(sequence[position], value);
        jdk.put(sequence[position], value);
      }
    }

    private long next() {
      return sequence[position++ & KEYS - 1];
    }

    /** The key that entered {@code size} keys before the one that {@link #next} just gave. */
    private long oldest() {
      return sequence[position - 1 - size & KEYS - 1];
    }
  }

  /** What a trace names, most of it once. */
  @State(Scope.Thread)
  public static class References {

    /** Hashes are random; the ids of a conversation file count up. */
    @Param({"hashes", "ids"})
    public String names;

    private final long[] sequence = new long[REFERENCES];

    /** Makes a third of the references repeat an earlier one. */
    @Setup(Level.Trial)
    public void make() {
      SplittableRandom random = new SplittableRandom(REFERENCES);
      boolean ids = names.equals("ids");
      int distinct = 0;
      for (int i = 0; i < REFERENCES; i++) {
        if (i > 0 && random.nextInt(3) == 0) {
          sequence[i] = sequence[random.nextInt(i)];
        } else {
          sequence[i] = ids ? distinct++ : random.nextLong();
        }
      }
    }
  }

  /** A block starts to wait and another one's parent comes; or a timer starts and another ends. */
  @Benchmark
  public @Nullable Object windowAgrona(Window window) {
    window.agrona.put(window.next(), window.value);
    return window.agrona.remove(window.oldest());
  }

  /** The peer of {@link #windowAgrona}. */
  @Benchmark
  public @Nullable Object windowJdk(Window window) {
    window.jdk.put(window.next(), window.value);
    return window.jdk.remove(window.oldest());
  }

  /** Numbers the distinct blocks of a trace. */
  @Benchmark
  @OperationsPerInvocation(REFERENCES)
  public long numberAgrona(References references) {
    Long2LongHashMap numbers = new Long2LongHashMap(ABSENT);
    for (long name : references.sequence) {
      if (numbers.get(name) == ABSENT) {
        numbers.put(name, numbers.size());
      }
    }
    return numbers.size();
  }

  /** The peer of {@link #numberAgrona}. */
  @Benchmark
  @OperationsPerInvocation(REFERENCES)
  public long numberJdk(References references) {
    HashMap<Long, Long> numbers = new HashMap<>();
    for (long name : references.sequence) {
      if (numbers.get(name) == null) {
        numbers.put(name, (long) numbers.size());
      }
    }
    return numbers.size();
  }
}
