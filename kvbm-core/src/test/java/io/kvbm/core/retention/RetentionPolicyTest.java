package io.kvbm.core.retention;

import static io.kvbm.core.retention.TestPool.key;
import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.policy.EvictionPolicy;
import io.kvbm.core.policy.EvictionPolicies;
import io.kvbm.core.pool.ContentListener;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class RetentionPolicyTest {

  private static final int CLASSES = 3;
  private static final List<String> TENANTS = List.of("", "a", "b");

  private final Namespaces namespaces = new Namespaces(4, 1000);
  private final SlotOwners owners = new SlotOwners(0);
  private final ContentListener content = namespaces.tier("device", owners);
  private final RetentionPolicy policy =
      new RetentionPolicy(EvictionPolicies.of("lru"), 8, CLASSES, namespaces, 0, owners);

  /** A resident block as the policy should see it. */
  private static final class Resident {
    private final int slot;
    private final long key;
    private final String tenant;
    private int own;
    private boolean offered;
    private long used;
    private long listed;

    Resident(int slot, long key, String tenant, int own, long used) {
      this.slot = slot;
      this.key = key;
      this.tenant = tenant;
      this.own = own;
      this.used = used;
    }
  }

  private final @Nullable Resident[] residents = new Resident[32];
  private long time;
  private long keys;

  @Test
  void quotasComeBeforeClassesAndClassesBeforeRecency() {
    long seed = ThreadLocalRandom.current().nextLong();
    SplittableRandom random = new SplittableRandom(seed);
    int capacity = 8;
    int evicted = 0;
    for (int step = 0; step < 20_000; step++) {
      int slot = random.nextInt(capacity);
      Resident resident = residents[slot];
      if (resident == null) {
        insert(slot, TENANTS.get(random.nextInt(3)), random.nextInt(-1, 5));
        continue;
      }
      switch (random.nextInt(9)) {
        case 0, 1, 2 -> offer(resident);
        case 3 -> withdraw(resident);
        case 4 -> touch(resident);
        case 5 -> prioritize(resident, random.nextInt(-1, 5));
        case 6 -> {
          if (random.nextInt(4) == 0) {
            policy.remove(slot);
            leave(resident);
          }
        }
        case 7 -> {
          if (random.nextInt(20) == 0) {
            String tenant = TENANTS.get(1 + random.nextInt(2));
            long quota = random.nextBoolean() ? random.nextInt(6) : Namespaces.NO_QUOTA;
            namespaces.setQuota(tenant, "device", quota);
          }
          if (capacity < residents.length && random.nextInt(200) == 0) {
            capacity += 4;
            policy.grow(capacity);
          }
        }
        default -> evicted += evict("step %d, seed %d".formatted(step, seed));
      }
    }
    assertThat(evicted).as("seed %d", seed).isGreaterThan(500);
    assertThat(policy.name()).isEqualTo("lru");
  }

  private void insert(int slot, String tenant, int priority) {
    long number = keys++;
    Resident resident =
        new Resident(slot, number, tenant, Math.clamp(priority, 0, CLASSES - 1), time++);
    namespaces.claim(tenant, List.of(key(number)));
    policy.insert(slot, number, EvictionPolicy.NONE, priority);
    content.entered(slot, key(number), null, new int[0]);
    policy.touch(slot);
    resident.used = time++;
    residents[slot] = resident;
  }

  private void offer(Resident resident) {
    policy.offer(resident.slot);
    if (!resident.offered) {
      resident.offered = true;
      resident.listed = time++;
    }
  }

  private void withdraw(Resident resident) {
    policy.withdraw(resident.slot);
    resident.offered = false;
  }

  private void touch(Resident resident) {
    policy.touch(resident.slot);
    resident.used = time++;
    resident.listed = resident.used;
  }

  private void prioritize(Resident resident, int priority) {
    policy.prioritize(resident.slot, priority);
    int own = Math.clamp(priority, 0, CLASSES - 1);
    if (own != resident.own) {
      resident.own = own;
      resident.used = time++;
      resident.listed = resident.used;
    }
  }

  private void leave(Resident resident) {
    residents[resident.slot] = null;
    content.left(key(resident.key));
  }

  private int evict(String when) {
    Resident expected = expectedVictim();
    int candidates = (int) all().stream().filter(one -> one.offered).count();
    assertThat(policy.candidateCount()).as(when).isEqualTo(candidates);
    int victim = policy.victim();
    assertThat(victim).as(when).isEqualTo(expected == null ? EvictionPolicy.NONE : expected.slot);
    if (expected == null) {
      return 0;
    }
    policy.evicted(victim);
    leave(expected);
    return 1;
  }

  private @Nullable Resident expectedVictim() {
    for (int giver : expectedGivers()) {
      Resident own =
          all().stream()
              .filter(one -> one.offered && namespaces.idOf(one.tenant) == giver)
              .min(
                  Comparator.comparingInt((Resident one) -> one.own)
                      .thenComparingLong(one -> one.listed))
              .orElse(null);
      if (own != null) {
        return own;
      }
    }
    return all().stream()
        .filter(one -> one.offered)
        .min(Comparator.comparingInt((Resident one) -> one.own).thenComparingLong(one -> one.used))
        .orElse(null);
  }

  private List<Integer> expectedGivers() {
    return namespaces.statistics().stream()
        .filter(usage -> usage.excessBlocks() > 0)
        .sorted(
            Comparator.comparingDouble(
                usage -> -(double) usage.excessBlocks() / Math.max(1, usage.quotaBlocks())))
        .map(NamespaceUsage::id)
        .toList();
  }

  private List<Integer> givers() {
    return NamespacesTest.givers(namespaces, 0);
  }

  private List<Resident> all() {
    List<Resident> all = new ArrayList<>();
    for (Resident resident : residents) {
      if (resident != null) {
        all.add(resident);
      }
    }
    return all;
  }

  /** Regression: the namespaces were all looked at, under their lock, for each block evicted. */
  @Test
  void nobodyIsAskedForBlocksWhileNobodyIsAboveItsQuota() throws Exception {
    namespaces.setQuota("a", "device", 2);
    insert(0, "a", 0);
    insert(1, "b", 0);
    offer(Objects.requireNonNull(residents[0]));
    try (ExecutorService other = Executors.newSingleThreadExecutor()) {
      synchronized (namespaces) { // who needs it waits
        assertThat(other.submit(policy::victim).get(10, TimeUnit.SECONDS)).isZero();
      }
    }
  }

  @Test
  void parentsAreLinkedWithinAClassOnly() {
    policy.insert(0, 1, EvictionPolicy.NONE, 0);
    policy.insert(1, 2, 0, 2);
    policy.insert(2, 3, 0, 0);
    policy.link(1, 0);
    policy.link(2, 0);
    for (int slot = 0; slot < 3; slot++) {
      policy.touch(slot);
      policy.offer(slot);
    }
    assertThat(policy.evict()).isZero();
    assertThat(policy.evict()).isEqualTo(2);
    assertThat(policy.evict()).isEqualTo(1);
    assertThat(policy.evict()).isEqualTo(EvictionPolicy.NONE);
  }

  @Test
  void whatIsOnItsWayCountsUntilItComesOrIsNotExpectedAnyMore() {
    namespaces.setQuota("a", "device", 2);
    insert(0, "a", 0);
    insert(1, "a", 0);
    assertThat(givers()).isEmpty();
    namespaces.claim("a", List.of(key(50), key(51)));
    try (Namespaces.Expectation _ =
        namespaces.expect("device", List.of(key(0), key(50), key(51), key(99)))) {
      assertThat(givers()).containsExactly(namespaces.idOf("a"));
      content.entered(2, key(50), null, new int[0]);
      content.left(key(50));
      assertThat(givers()).as("one more is expected").hasSize(1);
    }
    assertThat(givers()).isEmpty();
    namespaces.expect("device", List.of(key(51)));
    namespaces.unclaim(List.of(key(51), key(0), key(98)));
    assertThat(givers()).isEmpty();
    assertThat(namespaces.namespaceOf(key(51))).isEmpty();
    assertThat(namespaces.namespaceOf(key(0))).contains("a");
    content.cleared();
    assertThat(namespaces.namespaceOf(key(0))).isEmpty();
  }
}
