package io.kvbm.cli.simulate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.kvbm.api.BackendException;
import io.kvbm.api.policy.EvictionPolicy;
import io.kvbm.cli.trace.Trace;
import io.kvbm.core.policy.EvictionPolicies;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class SimulationTest {

  private static long simulate(String policy, Trace trace, int capacity) {
    References references = References.of(trace);
    return new Simulation(references, EvictionPolicies.of(policy).create(capacity), capacity).run();
  }

  /** The rule of the simulation, written down a second time with the JDK's own map. */
  private static long naive(Trace trace, int capacity, boolean accessOrder) {
    LinkedHashMap<Long, Boolean> tier = new LinkedHashMap<>(16, 0.75f, accessOrder);
    long hits = 0;
    for (int request = 0; request < trace.requestCount(); request++) {
      long[] hashes = trace.hashes(request);
      int prefix = 0;
      while (prefix < hashes.length && tier.containsKey(hashes[prefix])) {
        prefix++;
      }
      hits += prefix;
      for (int i = hashes.length - 1; i >= 0; i--) {
        tier.putIfAbsent(hashes[i], true);
        tier.get(hashes[i]);
      }
      while (tier.size() > capacity) {
        tier.remove(tier.firstEntry().getKey());
      }
    }
    return hits;
  }

  @Test
  void lru_and_fifo_hit_as_often_as_a_linked_hash_map() {
    SplittableRandom seeds = new SplittableRandom();
    for (int round = 0; round < 300; round++) {
      long seed = seeds.nextLong();
      SplittableRandom random = new SplittableRandom(seed);
      int capacity = random.nextInt(1, 30);
      Trace trace = RandomTraces.make(seed, 60, random.nextInt(1, 25), random.nextInt(1, 60));

      assertThat(simulate("lru", trace, capacity))
          .as("lru, seed %d, capacity %d", seed, capacity)
          .isEqualTo(naive(trace, capacity, true));
      assertThat(simulate("fifo", trace, capacity))
          .as("fifo, seed %d, capacity %d", seed, capacity)
          .isEqualTo(naive(trace, capacity, false));
    }
  }

  @Test
  void a_hit_is_a_prefix_that_was_there_before_the_request() {
    Trace trace =
        new Trace.Builder()
            .addBlock(1)
            .addBlock(1)
            .endRequest(0) // Twice in one request: the second is no hit.
            .addBlock(1)
            .addBlock(1)
            .addBlock(2)
            .endRequest(1) // Both are there now.
            .addBlock(9)
            .addBlock(1)
            .addBlock(2)
            .endRequest(2) // Nothing counts behind a miss.
            .build("made up");

    assertThat(simulate("lru", trace, 10)).isEqualTo(2);
  }

  @Test
  void a_request_larger_than_the_tier_leaves_its_first_blocks() {
    Trace.Builder trace = new Trace.Builder();
    for (int request = 0; request < 2; request++) {
      for (int i = 0; i < 100; i++) {
        trace.addBlock(i);
      }
      trace.endRequest(request);
    }

    assertThat(simulate("lru", trace.build("made up"), 7)).isEqualTo(7);
  }

  @Test
  void the_policy_sees_every_block_as_a_candidate_with_its_parent_and_grows_just_in_time() {
    Trace trace =
        new Trace.Builder()
            .addBlock(70)
            .addBlock(80)
            .addBlock(90)
            .endRequest(0)
            .addBlock(70)
            .addBlock(80)
            .addBlock(60)
            .endRequest(1)
            .build("made up");
    Recorder recorder = new Recorder(EvictionPolicies.of("lru").create(2));

    new Simulation(References.of(trace), recorder, 2).run();

    assertThat(recorder.calls)
        .containsExactly(
            "grow 3",
            "insert 0 key 90 parent -1",
            "insert 1 key 80 parent -1",
            "link 0 to 1",
            "insert 2 key 70 parent -1",
            "link 1 to 2",
            "touch 0",
            "offer 0",
            "touch 1",
            "offer 1",
            "touch 2",
            "offer 2",
            "evicted 0",
            "grow 4",
            "insert 0 key 60 parent 1",
            "touch 0",
            "offer 0",
            "touch 1",
            "offer 1",
            "touch 2",
            "offer 2",
            "evicted 0");
  }

  @Test
  void a_policy_that_names_no_resident_slot_is_called_defective() {
    Trace trace = new Trace.Builder().addBlock(1).addBlock(2).endRequest(0).build("made up");
    Recorder never =
        new Recorder(EvictionPolicies.of("lru").create(1)) {
          @Override
          public int victim() {
            return NONE;
          }
        };

    assertThatExceptionOfType(BackendException.class)
        .isThrownBy(() -> new Simulation(References.of(trace), never, 1).run())
        .withMessageContaining("policy lru chose slot -1");
  }

  /** Writes down what the policy is told. */
  private static class Recorder implements EvictionPolicy {

    private final List<String> calls = new ArrayList<>();
    private final EvictionPolicy policy;

    private Recorder(EvictionPolicy policy) {
      this.policy = policy;
    }

    @Override
    public String name() {
      return policy.name();
    }

    @Override
    public void grow(int capacity) {
      calls.add("grow " + capacity);
      policy.grow(capacity);
    }

    @Override
    public void insert(int slot, long key, int parent, int priority) {
      calls.add("insert " + slot + " key " + key + " parent " + parent);
      policy.insert(slot, key, parent, priority);
    }

    @Override
    public void link(int slot, int parent) {
      calls.add("link " + slot + " to " + parent);
      policy.link(slot, parent);
    }

    @Override
    public void touch(int slot) {
      calls.add("touch " + slot);
      policy.touch(slot);
    }

    @Override
    public void prioritize(int slot, int priority) {
      calls.add("prioritize " + slot);
      policy.prioritize(slot, priority);
    }

    @Override
    public void offer(int slot) {
      calls.add("offer " + slot);
      policy.offer(slot);
    }

    @Override
    public void withdraw(int slot) {
      calls.add("withdraw " + slot);
      policy.withdraw(slot);
    }

    @Override
    public void remove(int slot) {
      calls.add("remove " + slot);
      policy.remove(slot);
    }

    @Override
    public int victim() {
      return policy.victim();
    }

    @Override
    public void evicted(int slot) {
      calls.add("evicted " + slot);
      policy.evicted(slot);
    }

    @Override
    public int candidateCount() {
      return policy.candidateCount();
    }
  }
}
