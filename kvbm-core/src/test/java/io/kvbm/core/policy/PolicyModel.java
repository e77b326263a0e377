package io.kvbm.core.policy;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a policy should do, done slowly: every block in a map, the victim found by looking at all of
 * them.
 */
final class PolicyModel {

  /** A resident block. */
  static final class Resident {
    final int slot;
    final long inserted;
    long used;
    int priority;
    boolean candidate;

    Resident(int slot, long time, int priority) {
      this.slot = slot;
      this.inserted = time;
      this.used = time;
      this.priority = priority;
    }
  }

  private final Map<Integer, Resident> residents = new TreeMap<>();
  private final @Nullable Comparator<Resident> order;
  private long time;

  /** A model that knows the exact victim, or with null one that accepts any candidate. */
  PolicyModel(@Nullable Comparator<Resident> order) {
    this.order = order;
  }

  boolean isResident(int slot) {
    return residents.containsKey(slot);
  }

  void insert(int slot, int priority) {
    residents.put(slot, new Resident(slot, time++, priority));
  }

  void touch(int slot) {
    residents.get(slot).used = time++;
  }

  void prioritize(int slot, int priority) {
    residents.get(slot).priority = priority;
  }

  void setCandidate(int slot, boolean candidate) {
    residents.get(slot).candidate = candidate;
  }

  void remove(int slot) {
    residents.remove(slot);
  }

  int candidateCount() {
    return candidates().size();
  }

  /** Returns the slots that may be evicted now. */
  List<Integer> victims() {
    List<Resident> candidates = candidates();
    if (order == null || candidates.isEmpty()) {
      return candidates.stream().map(candidate -> candidate.slot).collect(Collectors.toList());
    }
    return List.of(candidates.stream().min(order).orElseThrow().slot);
  }

  private List<Resident> candidates() {
    return residents.values().stream().filter(resident -> resident.candidate).toList();
  }
}
