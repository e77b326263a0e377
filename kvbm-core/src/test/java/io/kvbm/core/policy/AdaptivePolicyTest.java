package io.kvbm.core.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.policy.EvictionPolicy;
import io.kvbm.api.policy.EvictionPolicyProvider;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import java.util.stream.LongStream;
import org.agrona.collections.IntArrayList;
import org.agrona.collections.Long2LongHashMap;
import org.junit.jupiter.api.Test;

class AdaptivePolicyTest extends EvictionPolicyContract {

  @Override
  EvictionPolicyProvider provider() {
    return new AdaptivePolicyProvider();
  }

  @Test
  void a_block_with_a_resident_child_is_never_given_up() {
    EvictionPolicy policy = provider().create(3);
    policy.insert(0, 10, EvictionPolicy.NONE, 0);
    policy.insert(1, 11, EvictionPolicy.NONE, 0);
    policy.insert(2, 12, 1, 0);
    policy.link(1, 0);
    for (int slot = 0; slot < 3; slot++) { // the root is the oldest by far
      policy.touch(slot);
      policy.offer(slot);
    }

    assertThat(policy.candidateCount()).isEqualTo(3);
    assertThat(policy.evict()).isEqualTo(2);
    assertThat(policy.evict()).isEqualTo(1);
    assertThat(policy.evict()).isZero();
    assertThat(policy.evict()).isEqualTo(EvictionPolicy.NONE);
  }

  /** Regression: such a parent was held back for ever. */
  @Test
  void a_link_that_would_close_a_circle_holds_nobody_back() {
    EvictionPolicy policy = provider().create(2);
    policy.insert(0, 10, EvictionPolicy.NONE, 0);
    policy.insert(1, 11, 0, 0);
    for (int slot = 1; slot >= 0; slot--) {
      policy.touch(slot);
      policy.offer(slot);
    }
    policy.link(0, 1);

    assertThat(policy.evict()).isEqualTo(1);
    assertThat(policy.evict()).isZero();
  }

  @Test
  void the_oldest_goes_while_nothing_was_learnt() {
    EvictionPolicy policy = provider().create(4);
    for (int slot = 0; slot < 4; slot++) {
      policy.insert(slot, slot, EvictionPolicy.NONE, 0);
      policy.touch(slot);
      policy.offer(slot);
    }
    policy.touch(1);
    policy.touch(0);

    assertThat(new int[] {policy.evict(), policy.evict(), policy.evict(), policy.evict()})
        .containsExactly(2, 3, 1, 0);
  }

  /**
   * Conversations whose every prompt ends in a partial block that never comes again: LRU keeps as
   * many of those as of the others.
   */
  @Test
  void blocks_at_the_end_of_prompts_make_room_for_those_of_conversations() {
    assertThat(hits("adaptive", 300, chats(5, 0)))
        .isGreaterThan(hits("lru", 300, chats(5, 0)) * 11 / 10);
  }

  @Test
  void one_shot_prompts_do_not_flush_conversations() {
    assertThat(hits("adaptive", 600, chats(6, 80)))
        .isGreaterThan(hits("lru", 600, chats(6, 80)) * 6 / 5);
  }

  @Test
  void popularity_without_conversations_is_left_to_arc() {
    long adaptive = hits("adaptive", 300, popular(7));

    assertThat(adaptive).isGreaterThan(hits("lru", 300, popular(7)) * 11 / 10);
    assertThat(adaptive).isGreaterThan(hits("arc", 300, popular(7)) * 97 / 100);
  }

  /** Regression: the last block of such a prompt was held for a popular one and kept the rest. */
  @Test
  void long_prompts_that_come_once_make_way_for_popular_single_blocks() {
    assertThat(hits("adaptive", 1_000, popularBesideLong(9, 30_000, 2_000)))
        .isGreaterThan(hits("lru", 1_000, popularBesideLong(9, 30_000, 2_000)) * 23 / 20);
  }

  @Test
  void what_was_learnt_and_is_wrong_now_costs_little() {
    assertThat(hits("adaptive", 400, reversal(8)))
        .isGreaterThan(hits("lru", 400, reversal(8)) * 97 / 100);
  }

  /** What is learnt of a tier says nothing of one of a hundred times its size. */
  @Test
  void a_tier_that_grew_has_the_hits_of_one_that_was_large_from_the_start() {
    int large = 100_000;
    Replayed grown = new Replayed(provider().create(1_000), 1_000);
    grown.run(popularBesideLong(9, 20_000, 2_000));
    grown.grow(large);

    assertThat(grown.run(popularBesideLong(10, 300_000, 2 * large)))
        .isGreaterThan(
            hits("adaptive", large, popularBesideLong(10, 300_000, 2 * large)) * 97 / 100);
  }

  /** Regression: slots for one request that is larger than the tier looked like a larger tier. */
  @Test
  void aRequestLargerThanTheTierDoesNotMakeItLookGrown() {
    Replayed policy = new Replayed(provider().create(100), 100);
    long[] large = LongStream.range(1_000_000, 1_000_400).toArray();
    Iterator<long[]> once = List.of(large).iterator();
    policy.run(() -> once.hasNext() ? once.next() : null);
    policy.run(chats(3, 0));
    assertThat(((AdaptivePolicy) policy.policy).learntCapacity()).isEqualTo(100);
  }

  /** A policy and the blocks it keeps, driven as a pool drives it: only leaves are offered. */
  private static long hits(String name, int capacity, Supplier<long[]> requests) {
    return new Replayed(EvictionPolicies.of(name).create(capacity), capacity).run(requests);
  }

  private static final class Replayed {
    private final EvictionPolicy policy;
    private final Long2LongHashMap slots = new Long2LongHashMap(EvictionPolicy.NONE);
    private final IntArrayList free = new IntArrayList();
    private int capacity;
    private long[] keys = new long[0];
    private int[] parents = new int[0];
    private int[] children = new int[0];
    private int granted;

    private Replayed(EvictionPolicy policy, int capacity) {
      this.policy = policy;
      this.capacity = capacity;
      grant(capacity);
    }

    private void grow(int newCapacity) {
      capacity = newCapacity;
      policy.grow(newCapacity);
      grant(newCapacity);
    }

    private void grant(int slotCount) {
      if (slotCount > keys.length) {
        int room = Math.max(slotCount, 2 * keys.length);
        keys = Arrays.copyOf(keys, room);
        parents = Arrays.copyOf(parents, room);
        children = Arrays.copyOf(children, room);
      }
      for (; granted < slotCount; granted++) {
        free.pushInt(granted);
      }
    }

    private long run(Supplier<long[]> requests) {
      long hits = 0;
      for (long[] request = requests.get(); request != null; request = requests.get()) {
        for (int i = 0; i < request.length && slots.containsKey(request[i]); i++) {
          hits++;
        }
        for (int i = 0; i < request.length; i++) {
          if (!slots.containsKey(request[i])) {
            enter(request[i], i == 0 ? EvictionPolicy.NONE : (int) slots.get(request[i - 1]));
          }
        }
        for (int i = request.length - 1; i >= 0; i--) {
          int slot = (int) slots.get(request[i]);
          policy.touch(slot);
          if (children[slot] == 0) {
            policy.offer(slot);
          }
        }
        while (slots.size() > capacity) {
          leave(policy.evict());
        }
      }
      return hits;
    }

    private void enter(long key, int parent) {
      if (free.isEmpty()) {
        policy.grow(granted + 1);
        grant(granted + 1);
      }
      int slot = free.popInt();
      slots.put(key, slot);
      keys[slot] = key;
      parents[slot] = parent;
      policy.insert(slot, key, parent, 0);
      if (parent != EvictionPolicy.NONE && children[parent]++ == 0) {
        policy.withdraw(parent);
      }
    }

    private void leave(int slot) {
      assertThat(children[slot]).isZero();
      slots.remove(keys[slot]);
      free.pushInt(slot);
      int parent = parents[slot];
      if (parent != EvictionPolicy.NONE && --children[parent] == 0) {
        policy.offer(parent);
      }
    }
  }

  /** Side by side, 60 chats that grow by 3 blocks a turn, and prompts of {@code once} blocks. */
  private static Supplier<long[]> chats(long seed, int once) {
    SplittableRandom random = new SplittableRandom(seed);
    long[][] chats = new long[60][0];
    long[] state = {0, 1};
    return () -> {
      if (state[0]++ == 6_000) {
        return null;
      }
      if (once > 0 && random.nextInt(4) == 0) {
        return fresh(new long[0], once, state);
      }
      int chat = random.nextInt(chats.length);
      if (chats[chat].length > 24 || random.nextInt(12) == 0) {
        chats[chat] = new long[0];
      }
      chats[chat] = fresh(chats[chat], 3, state);
      return fresh(chats[chat], 3, state);
    };
  }

  /** Single documents, some far more popular than others. */
  private static Supplier<long[]> popular(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    long[] state = {0};
    return () ->
        state[0]++ == 40_000
            ? null
            : new long[] {(long) (4_000 * Math.pow(random.nextDouble(), 4))};
  }

  /** Four in five are single documents, the others of 30 blocks that never come back. */
  private static Supplier<long[]> popularBesideLong(long seed, int requests, int documents) {
    SplittableRandom random = new SplittableRandom(seed);
    long[] state = {0, 1L << 40};
    return () -> {
      if (state[0]++ == requests) {
        return null;
      }
      return random.nextInt(40) == 0
          ? fresh(new long[0], 30, state)
          : new long[] {(long) (documents * Math.pow(random.nextDouble(), 3))};
    };
  }

  /** Long chats come back and short ones never, then the other way round. */
  private static Supplier<long[]> reversal(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    long[] state = {0, 1};
    ArrayDeque<long[]> returning = new ArrayDeque<>();
    return () -> {
      if (state[0]++ == 12_000) {
        return null;
      }
      boolean longOnes = state[0] < 6_000;
      long[] chat = returning.size() > 20 ? returning.poll() : fresh(new long[0], 4, state);
      boolean comesBack = longOnes == chat.length > 12 || chat.length < 8 || random.nextInt(9) == 0;
      long[] grown = chat.length > 60 ? fresh(new long[0], 4, state) : fresh(chat, 4, state);
      if (comesBack) {
        returning.add(grown);
      }
      return grown;
    };
  }

  private static long[] fresh(long[] chat, int count, long[] state) {
    long[] longer = Arrays.copyOf(chat, chat.length + count);
    for (int i = chat.length; i < longer.length; i++) {
      longer[i] = state[1]++;
    }
    return longer;
  }
}
