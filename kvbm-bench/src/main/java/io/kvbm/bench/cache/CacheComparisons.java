package io.kvbm.bench.cache;

import io.kvbm.bench.rounds.Comparison;
import io.kvbm.bench.rounds.Subject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What {@code kvbm bench cache}, and in part {@code kvbm bench gpu}, compare. */
public final class CacheComparisons {

  private static final String PEER = "ConcurrentHashMap<String, Long>.get";

  private CacheComparisons() {}

  /** {@return hits of a cache in the memory of a GPU} */
  public static List<Comparison> inDeviceMemory() {
    Map<String, String> parameters = Map.of("keys", "disjoint", "memory", "device");
    return List.of(
        new Comparison(
            "cache hit, as a long",
            new Subject(HitBenchmark.class, "hitAsLong", 1, parameters),
            PEER,
            new Subject(HitBenchmark.class, "mapGet", 1, parameters)));
  }

  static List<Comparison> of(List<Integer> threadCounts) {
    List<Comparison> plan = new ArrayList<>();
    for (int threads : threadCounts) {
      String where = threads == 1 ? ", 1 thread" : ", " + threads + " threads";
      for (String keys : threads == 1 ? List.of("disjoint") : List.of("disjoint", "same")) {
        String which = threads == 1 ? where : where + ", " + keys;
        Subject peer = subject("mapGet", threads, keys);
        plan.add(new Comparison("hit" + which, subject("hit", threads, keys), PEER, peer));
        plan.add(
            new Comparison(
                "hit, as a long" + which, subject("hitAsLong", threads, keys), PEER, peer));
        plan.add(
            new Comparison("pin+close" + which, subject("pinAndClose", threads, keys), PEER, peer));
      }
      plan.add(
          new Comparison(
              "miss" + where,
              subject("miss", threads, "disjoint"),
              PEER + " of an absent key",
              subject("mapMiss", threads, "disjoint")));
      if (threads > 1) {
        plan.add(scaling("hit, as a long" + where, "hitAsLong", threads));
        plan.add(scaling(PEER + where, "mapGet", threads));
      }
    }
    return plan;
  }

  private static Comparison scaling(String name, String method, int threads) {
    return new Comparison(
        name,
        subject(method, threads, "disjoint"),
        "the same, 1 thread",
        subject(method, 1, "disjoint"));
  }

  private static Subject subject(String method, int threads, String keys) {
    return new Subject(HitBenchmark.class, method, threads, Map.of("keys", keys));
  }
}
