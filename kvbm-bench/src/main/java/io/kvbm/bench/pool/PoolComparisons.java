package io.kvbm.bench.pool;

import io.kvbm.bench.rounds.Comparison;
import io.kvbm.bench.rounds.Subject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What {@code kvbm bench pool} compares. */
final class PoolComparisons {

  private static final String BY_KEY = "128 ConcurrentHashMap<BlockKey>.get";
  private static final String BY_HASH = "128 ConcurrentHashMap<Long>.get";

  private final List<Comparison> comparisons = new ArrayList<>();

  private PoolComparisons() {}

  static List<Comparison> of(List<Integer> threadCounts) {
    PoolComparisons plan = new PoolComparisons();
    for (int threads : threadCounts) {
      plan.addLookups(threads, "disjoint");
      if (threads > 1) {
        plan.addLookups(threads, "same");
      }
      plan.addTurnover(threads);
      if (threads > 1) {
        plan.addScaling(threads);
      }
    }
    return plan.comparisons;
  }

  private void addLookups(int threads, String prefixes) {
    String where = where(threads, prefixes);
    add("match 128" + where, "match", "getManyByKey", "getManyByHash", threads, prefixes);
    add("match 128 in use" + where, "matchInUse", "getByKey", "getByHash", threads, prefixes);
    add("match+close 128" + where, "matchAndClose", "getByKey", "getByHash", threads, prefixes);
    if (prefixes.equals("disjoint")) {
      addMiss("miss of a prefix" + where, "missPrefix", threads);
      addMiss("128 misses in one call" + where, "missScattered", threads);
      addMiss("128 misses one by one" + where, "missEach", threads);
    }
  }

  private void addMiss(String name, String ours, int threads) {
    add(name, ours, "getAbsentByKey", "getAbsentByHash", threads, "disjoint");
  }

  private void add(
      String name, String ours, String byKey, String byHash, int threads, String prefixes) {
    Subject subject = lookup(ours, threads, prefixes);
    comparisons.add(new Comparison(name, subject, BY_KEY, lookup(byKey, threads, prefixes)));
    comparisons.add(new Comparison(name, subject, BY_HASH, lookup(byHash, threads, prefixes)));
  }

  private void addTurnover(int threads) {
    Subject peer = turnover("lockedMap", threads);
    String name = "allocate+complete+register+close" + where(threads, null);
    String peerName = "locked LinkedHashMap.put";
    comparisons.add(new Comparison(name, turnover("single", threads), peerName, peer));
    comparisons.add(
        new Comparison(name + ", 128 at once", turnover("batch", threads), peerName, peer));
  }

  private void addScaling(int threads) {
    for (String prefixes : List.of("disjoint", "same")) {
      addScaling("match+close 128", "matchAndClose", threads, prefixes);
    }
    addScaling(BY_KEY, "getByKey", threads, "disjoint");
  }

  private void addScaling(String name, String method, int threads, String prefixes) {
    comparisons.add(
        new Comparison(
            name + where(threads, prefixes),
            lookup(method, threads, prefixes),
            "the same, 1 thread",
            lookup(method, 1, "disjoint")));
  }

  private static String where(int threads, @Nullable String prefixes) {
    String count = threads == 1 ? ", 1 thread" : ", " + threads + " threads";
    return threads == 1 || prefixes == null ? count : count + ", " + prefixes;
  }

  private static Subject lookup(String method, int threads, String prefixes) {
    return new Subject(LookupBenchmark.class, method, threads, Map.of("prefixes", prefixes));
  }

  private static Subject turnover(String method, int threads) {
    return new Subject(TurnoverBenchmark.class, method, threads, Map.of());
  }
}
