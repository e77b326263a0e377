package io.kvbm.bench.cache;

import java.util.SplittableRandom;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.infra.ThreadParams;

/**
 * What one thread looks up: strings of its own, since a request never brings the very objects that
 * were cached.
 */
@State(Scope.Thread)
public class Keys {

  private static final int COUNT = 1024;

  /** Whether the threads look up keys of their own or one and the same. */
  @Param({"disjoint", "same"})
  public String keys;

  private final String[] present = new String[COUNT];
  private final String[] absent = new String[COUNT];
  private int at;

  /** Chooses keys by chance: all threads the same one, or each of its own part of the cache. */
  @Setup(Level.Trial)
  public void choose(FilledCache filled, ThreadParams thread) {
    SplittableRandom random = new SplittableRandom(42 + thread.getThreadIndex());
    int part = filled.values / Math.max(1, thread.getThreadCount());
    for (int i = 0; i < COUNT; i++) {
      int index = keys.equals("same") ? 0 : thread.getThreadIndex() * part + random.nextInt(part);
      present[i] = FilledCache.key(index);
      absent[i] = FilledCache.key(filled.values + index);
    }
  }

  String next() {
    return present[at++ & COUNT - 1];
  }

  String nextAbsent() {
    return absent[at++ & COUNT - 1];
  }
}
