package io.kvbm.core.retention;

import static io.kvbm.core.retention.TestPool.key;

import io.kvbm.core.pool.ContentListener;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/** Random calls of namespaces, and who must give after them, counted anew each time. */
final class GiversModel {

  static final int TIERS = 2;
  private static final int KEYS = 40;
  private static final List<String> NAMES = List.of("", "a", "b", "c");

  private record Awaited(int key, int life) {}

  private record Expected(int tier, List<Awaited> blocks, Namespaces.Expectation expectation) {}

  final Namespaces namespaces = new Namespaces(NAMES.size(), KEYS);
  private final ContentListener[] tiers = {namespaces.tier("upper"), namespaces.tier("lower")};
  private final SplittableRandom random;
  private final long[][] quotas = new long[TIERS][NAMES.size()];
  private final boolean[][] there = new boolean[TIERS][KEYS];
  private final boolean[][] expecting = new boolean[TIERS][KEYS];
  private final boolean[] claimed = new boolean[KEYS];

  /** How often a key was forgotten. */
  private final int[] lives = new int[KEYS];

  private final List<Expected> expected = new ArrayList<>();

  GiversModel(SplittableRandom random) {
    this.random = random;
    NAMES.forEach(namespaces::idOf);
    for (long[] quota : quotas) {
      Arrays.fill(quota, Namespaces.NO_QUOTA);
    }
  }

  private static int owner(int key) {
    return key % NAMES.size();
  }

  void step() {
    int tier = random.nextInt(TIERS);
    int key = random.nextInt(KEYS);
    switch (random.nextInt(12)) {
      case 0, 1, 2, 3 -> enter(tier, key);
      case 4, 5 -> leave(tier, key);
      case 6 -> claim(key);
      case 7 -> expect(tier);
      case 8 -> endExpecting();
      case 9 -> unclaim(key);
      case 10 -> setQuota(tier, random.nextInt(NAMES.size()));
      default -> {
        if (random.nextInt(20) == 0) {
          clear(tier);
        }
      }
    }
  }

  private void claim(int key) {
    namespaces.claim(NAMES.get(owner(key)), List.of(key(key)));
    claimed[key] |= !isResident(key);
  }

  private void enter(int tier, int key) {
    claim(key);
    tiers[tier].entered(key(key), null, new int[0]);
    claimed[key] = false;
    there[tier][key] = true;
    expecting[tier][key] = false;
  }

  private void leave(int tier, int key) {
    tiers[tier].left(key(key));
    if (there[tier][key]) {
      there[tier][key] = false;
      forgetUnlessResident(key);
    }
  }

  private void expect(int tier) {
    List<Integer> keys = random.ints(3, 0, KEYS).boxed().toList();
    List<Awaited> awaited = new ArrayList<>();
    for (int key : keys) {
      boolean known = claimed[key] || isResident(key);
      if (known && !there[tier][key] && !expecting[tier][key]) {
        expecting[tier][key] = true;
        awaited.add(new Awaited(key, lives[key]));
      }
    }
    String name = tier == 0 ? "upper" : "lower";
    expected.add(
        new Expected(
            tier, awaited, namespaces.expect(name, keys.stream().map(TestPool::key).toList())));
  }

  private void endExpecting() {
    if (expected.isEmpty()) {
      return;
    }
    Expected one = expected.remove(random.nextInt(expected.size()));
    one.expectation.close();
    for (Awaited block : one.blocks) {
      if (lives[block.key] == block.life) {
        expecting[one.tier][block.key] = false;
      }
    }
  }

  private void unclaim(int key) {
    namespaces.unclaim(List.of(key(key)));
    if (claimed[key]) {
      claimed[key] = false;
      forgetUnlessResident(key);
    }
    for (boolean[] tier : expecting) {
      tier[key] = false;
    }
  }

  private void setQuota(int tier, int owner) {
    long quota = random.nextInt(3) == 0 ? Namespaces.NO_QUOTA : random.nextInt(6);
    namespaces.setQuota(NAMES.get(owner), tier == 0 ? "upper" : "lower", quota);
    quotas[tier][owner] = quota;
  }

  private void clear(int tier) {
    tiers[tier].cleared();
    for (int key = 0; key < KEYS; key++) {
      if (there[tier][key]) {
        there[tier][key] = false;
        forgetUnlessResident(key);
      }
    }
  }

  private boolean isResident(int key) {
    return there[0][key] || there[1][key];
  }

  private void forgetUnlessResident(int key) {
    if (!isResident(key)) {
      lives[key]++;
      for (boolean[] tier : expecting) {
        tier[key] = false;
      }
    }
  }

  /** {@return the numbers of those above their quota in a tier, the first to give first} */
  List<Integer> givers(int tier) {
    return IntStream.range(0, NAMES.size())
        .boxed()
        .filter(owner -> excess(tier, owner) > 0)
        .sorted(
            Comparator.comparingDouble(
                owner -> -(double) excess(tier, owner) / Math.max(1, quotas[tier][owner])))
        .toList();
  }

  private long excess(int tier, int owner) {
    long count =
        IntStream.range(0, KEYS)
            .filter(key -> owner(key) == owner && (there[tier][key] || expecting[tier][key]))
            .count();
    return count - quotas[tier][owner];
  }
}
