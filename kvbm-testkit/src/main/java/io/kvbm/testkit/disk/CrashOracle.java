package io.kvbm.testkit.disk;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.ToLongFunction;

/**
 * Knows what a store of keys and values may give, from the operations that were tried and
 * acknowledged. A value is told by its version: a number above 0 that no other operation on the key
 * wrote; {@link #ABSENT} is the version of a key that is not there.
 *
 * <p>An operation that was tried and not acknowledged happened or not, and may come to light later.
 * For operations one after the other; for one thread.
 *
 * @param <K> the keys
 */
public final class CrashOracle<K> {

  /** The version of a key that is not there. */
  public static final long ABSENT = 0;

  private final List<Operation<K>> operations = new ArrayList<>();
  private final Map<K, Long> base = new HashMap<>();

  /** Creates an oracle of an empty store. */
  public CrashOracle() {}

  /**
   * Notes that an operation is about to be tried.
   *
   * @param key the key
   * @param version what it is given; {@link #ABSENT} to remove it
   * @return stands for the operation
   */
  public Ticket tries(K key, long version) {
    return tries(Map.of(key, version));
  }

  /**
   * Notes that an operation on several keys is about to be tried, which happens as a whole or not.
   *
   * @param versions what each key is given
   * @return stands for the operation
   */
  public Ticket tries(Map<K, Long> versions) {
    Operation<K> operation = new Operation<>(Map.copyOf(versions));
    operations.add(operation);
    return operation;
  }

  /**
   * Notes that an operation was acknowledged.
   *
   * @param ticket the operation
   * @param isDurable whether it survives a power cut
   */
  public void acknowledged(Ticket ticket, boolean isDurable) {
    ticket.acknowledge(isDurable);
  }

  /**
   * Notes that a sync succeeded.
   *
   * <p>Everything acknowledged so far survives a power cut.
   */
  public void synced() {
    for (Operation<K> operation : operations) {
      if (operation.acknowledged) {
        operation.durable = true;
      }
    }
  }

  /**
   * Notes that an operation certainly did not happen.
   *
   * @param ticket the operation
   */
  public void refused(Ticket ticket) {
    ticket.refuse();
  }

  /** {@return every key that was ever tried} */
  public Set<K> keys() {
    Set<K> keys = new LinkedHashSet<>(base.keySet());
    operations.forEach(operation -> keys.addAll(operation.versions.keySet()));
    return keys;
  }

  /**
   * Asserts that a store that has not crashed since may give this.
   *
   * @param key the key
   * @param found the version it gave
   */
  public void assertRead(K key, long found) {
    assertOneOf(key, found, possible(key, false));
  }

  /**
   * Asserts that a store whose keys are independent may give this after a power cut.
   *
   * @param key the key
   * @param found the version it gave
   */
  public void assertRecovered(K key, long found) {
    assertOneOf(key, found, possible(key, true));
  }

  /**
   * Asserts the same of a cache: the newest, one written since the last one that is certain, or
   * none, but nothing older and nothing else.
   *
   * @param key the key
   * @param found the version it gave
   */
  public void assertCached(K key, long found) {
    Set<Long> possible = possible(key, true);
    possible.add(ABSENT);
    assertOneOf(key, found, possible);
  }

  /**
   * Asserts that all keys together are what they were after some operation, at or behind the last
   * durable one: no holes, and what happens as a whole happened as a whole.
   *
   * @param found gives the version of each key
   */
  public void assertPrefix(ToLongFunction<K> found) {
    int first = 0;
    for (int i = 0; i < operations.size(); i++) {
      first = operations.get(i).durable ? i + 1 : first;
    }
    BitSet points = new BitSet();
    points.set(first, operations.size() + 1);
    Map<K, Long> seen = new HashMap<>();
    for (K key : keys()) {
      seen.put(key, found.applyAsLong(key));
      BitSet fitting = fitting(key, seen.get(key));
      if (!fitting.intersects(points)) {
        throw new AssertionError(
            "%s has version %d: no state at or behind operation %d of %d has that with %s"
                .formatted(key, seen.get(key), first, operations.size(), seen));
      }
      points.and(fitting);
    }
    assertWhole(seen);
  }

  /** Where one key shows an operation, the others show it or something newer. */
  private void assertWhole(Map<K, Long> seen) {
    for (int i = 0; i < operations.size(); i++) {
      Operation<K> operation = operations.get(i);
      boolean happened =
          operation.versions.entrySet().stream()
              .anyMatch(e -> e.getValue() != ABSENT && e.getValue().equals(seen.get(e.getKey())));
      for (K key : happened ? operation.versions.keySet() : Set.<K>of()) {
        long version = Objects.requireNonNull(seen.get(key));
        if (operations.subList(i, operations.size()).stream()
            .noneMatch(o -> o.gives(key, version))) {
          throw new AssertionError(
              "%s has version %d, older than %s, which is there in part: %s"
                  .formatted(key, version, operation.versions, seen));
        }
      }
    }
  }

  /** {@return behind how many operations a key may have a version} */
  private BitSet fitting(K key, long version) {
    BitSet points = new BitSet();
    Set<Long> possible = new TreeSet<>(Set.of(base.getOrDefault(key, ABSENT)));
    for (int i = 0; ; i++) {
      points.set(i, possible.contains(version));
      if (i == operations.size()) {
        return points;
      }
      operations.get(i).applyTo(key, possible);
    }
  }

  /**
   * Takes what a store gave after a power cut as what it will always give: it made durable what it
   * recovered.
   *
   * @param found gives the version of each key
   */
  public void settles(ToLongFunction<K> found) {
    Map<K, Long> settled = new HashMap<>();
    for (K key : keys()) {
      settled.put(key, found.applyAsLong(key));
    }
    operations.clear();
    base.clear();
    base.putAll(settled);
  }

  private Set<Long> possible(K key, boolean afterCut) {
    Set<Long> possible = new TreeSet<>();
    possible.add(base.getOrDefault(key, ABSENT));
    for (Operation<K> operation : operations) {
      if (operation.acknowledged && (operation.durable || !afterCut)) {
        operation.applyTo(key, possible);
      } else if (!operation.refused && operation.versions.containsKey(key)) {
        possible.add(Objects.requireNonNull(operation.versions.get(key)));
      }
    }
    return possible;
  }

  private void assertOneOf(K key, long found, Set<Long> possible) {
    if (!possible.contains(found)) {
      throw new AssertionError(
          "%s has version %d, possible are %s".formatted(key, found, possible));
    }
  }

  /** Stands for an operation that was tried. */
  public abstract static sealed class Ticket {
    private Ticket() {}

    abstract void acknowledge(boolean isDurable);

    abstract void refuse();
  }

  private static final class Operation<K> extends Ticket {
    private final Map<K, Long> versions;
    private boolean acknowledged;
    private boolean durable;
    private boolean refused;

    Operation(Map<K, Long> versions) {
      this.versions = versions;
    }

    @Override
    void acknowledge(boolean isDurable) {
      acknowledged = true;
      durable = isDurable;
    }

    @Override
    void refuse() {
      refused = true;
    }

    boolean gives(K key, long version) {
      Long given = versions.get(key);
      return given != null && given == version;
    }

    void applyTo(K key, Set<Long> possible) {
      Long version = versions.get(key);
      if (version == null || refused) {
        return;
      }
      if (acknowledged) {
        possible.clear();
      }
      possible.add(version);
    }
  }
}
