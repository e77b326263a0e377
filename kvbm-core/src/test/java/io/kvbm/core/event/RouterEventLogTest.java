package io.kvbm.core.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.kvbm.api.CallerException;
import io.kvbm.api.ConfigurationException;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.block.MutableBlock;
import io.kvbm.api.hash.CacheSalt;
import io.kvbm.api.layout.DType;
import io.kvbm.api.layout.LayoutConfig;
import io.kvbm.api.store.StoredBlock;
import io.kvbm.core.pool.BlockPool;
import io.kvbm.core.pool.ContentListener;
import io.kvbm.core.pool.DuplicatePolicy;
import io.kvbm.core.pool.Eviction;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class RouterEventLogTest {

  private static final int PAGE = 4;

  private final RouterEventLog log = new RouterEventLog(RouterEventLogConfig.of(PAGE), 77);

  /**
   * Case 51 announces positions 16, 32, 64 … only, and a removal only when the last tier let go.
   * Both hide from a router what it asks for, so here every block is told and each tier on its own.
   */
  @Test
  void unlike_case51_every_block_is_told_and_every_tier_removes_for_itself() {
    BlockPool device = pool("device", 8);
    BlockPool host = pool("host", 8);
    chain(device, 1, 2, 3);
    chain(host, 1, 2, 3);

    device.resetBlocks(keys(3, 2));

    assertThat(events())
        .containsExactly(
            stored("device", 1, null, 1, 2, 3),
            stored("host", 2, null, 1, 2, 3),
            new RouterEvent.Removed("device", 3, keys(3, 2)));
  }

  @Test
  void an_event_takes_blocks_until_somebody_reads_it() {
    BlockPool device = pool("device", 8);
    chain(device, 1, 2);
    assertThat(events()).containsExactly(stored("device", 1, null, 1, 2));

    register(device, key(3), key(2)).close();

    assertThat(events(2)).containsExactly(stored("device", 2, key(2), 3));
  }

  @Test
  void a_block_that_does_not_follow_the_last_one_begins_an_event_of_its_own() {
    BlockPool device = pool("device", 8);
    chain(device, 1, 2);
    register(device, key(5), key(1)).close();

    assertThat(events())
        .containsExactly(stored("device", 1, null, 1, 2), stored("device", 2, key(1), 5));
  }

  @Test
  void an_event_holds_no_more_blocks_than_configured() {
    RouterEventLog small = new RouterEventLog(new RouterEventLogConfig(PAGE, 8, 8, 2), 0);
    BlockPool device = pool(small, "device", 8);
    chain(device, 1, 2, 3);

    assertThat(eventsOf(small, 1))
        .containsExactly(stored("device", 1, null, 1, 2), stored("device", 2, key(2), 3));
  }

  @Test
  void tokens_are_told_where_the_tier_was_given_them() {
    BlockPool device = pool("device", 8);
    MutableBlock first = device.allocateBlocks(1).getFirst();
    first.initSequence(CacheSalt.NONE);
    first.addTokens(1, 2, 3, 4);
    ImmutableBlock one = first.complete().register();
    MutableBlock second = device.allocateBlocks(1).getFirst();
    second.initSequence(CacheSalt.NONE, one.key(), 1);
    second.addTokens(5, 6, 7, 8);
    second.markComplete();
    ImmutableBlock two = device.registerBlocks(List.of(second)).getFirst();
    ImmutableBlock three = register(device, key(9), two.key());

    assertThat(events())
        .containsExactly(
            new RouterEvent.Stored(
                "device",
                1,
                null,
                List.of(one.key(), two.key()),
                PAGE,
                TokenIds.of(1, 2, 3, 4, 5, 6, 7, 8)),
            stored("device", 2, two.key(), 9));
    BlockPool.closeAll(List.of(one, two, three));
  }

  @Test
  void every_way_into_and_out_of_a_pool_is_told_once() {
    BlockPool device = pool("device", 3);
    device.restore(new StoredBlock(0, key(1), null, 4, 0, 0));
    chain(device, 2);
    chain(device, 3);
    chain(device, 4); // evicts the least recently used, the one restored
    device.remove(device.find(key(2)).orElseThrow());
    device.beginEvictions(1).forEach(Eviction::finish);
    device.resetBlocks(keys(4));
    chain(device, 5);
    device.reset();

    assertThat(events())
        .containsExactly(
            stored("device", 1, null, 1),
            stored("device", 2, null, 2),
            stored("device", 3, null, 3),
            new RouterEvent.Removed("device", 4, keys(1)),
            stored("device", 5, null, 4),
            new RouterEvent.Removed("device", 6, keys(2, 3, 4)),
            stored("device", 7, null, 5),
            new RouterEvent.Cleared("device", 8));
    assertThat(log.statistics()).isEqualTo(new RouterEventLog.Statistics(8, 8, 9, 0, 5, 5));
  }

  @Test
  void a_duplicate_is_not_told() {
    BlockPool device =
        BlockPool.builder()
            .logical(shape(4))
            .duplicates(DuplicatePolicy.ALLOW)
            .content(log.tier("device"))
            .build();
    ImmutableBlock primary = register(device, key(1), null);
    ImmutableBlock duplicate = register(device, key(1), null);
    assertThat(duplicate.isDuplicate()).isTrue();
    BlockPool.closeAll(List.of(primary, duplicate));

    assertThat(events()).containsExactly(stored("device", 1, null, 1));
  }

  @Test
  void case61_an_unknown_removal_and_a_second_arrival_are_harmless() {
    ContentListener tier = log.tier("device");
    tier.left(key(1));
    tier.entered(key(2), null, new int[0]);
    tier.entered(key(2), null, new int[0]);

    assertThat(events()).containsExactly(stored("device", 1, null, 2));
  }

  @Test
  void case61_a_clear_is_a_barrier_between_what_was_before_and_what_comes() {
    BlockPool device = pool("device", 4);
    chain(device, 1, 2);
    device.reset();
    chain(device, 1);
    assertThat(events())
        .containsExactly(
            stored("device", 1, null, 1, 2),
            new RouterEvent.Cleared("device", 2),
            stored("device", 3, null, 1));
  }

  /**
   * There, three sources tell of one block and a router hears of the first store and the last
   * removal. Here each tier tells for itself, once: a router that wants less can count.
   *
   * <p>What else there is of it does not apply: nothing is read from a socket here, so no message
   * can be malformed, and events go out in the order of their numbers, without being sorted into
   * runs.
   */
  @Test
  void unlike_case61_each_tier_tells_of_a_block_once_and_of_its_own_removal() {
    BlockPool device = pool("device", 4);
    BlockPool host = pool("host", 4);
    BlockPool disk = pool("disk", 4);
    for (BlockPool tier : List.of(device, host, disk)) {
      chain(tier, 1);
      chain(tier, 1);
    }
    device.resetBlocks(keys(1));
    disk.resetBlocks(keys(1));
    assertThat(events())
        .containsExactly(
            stored("device", 1, null, 1),
            stored("host", 2, null, 1),
            stored("disk", 3, null, 1),
            new RouterEvent.Removed("device", 4, keys(1)),
            new RouterEvent.Removed("disk", 5, keys(1)));
  }

  @Test
  void what_is_not_kept_any_more_is_a_gap_by_number_of_events() {
    RouterEventLog small = new RouterEventLog(new RouterEventLogConfig(PAGE, 2, 100, 100), 0);
    BlockPool device = pool(small, "device", 8);
    for (long n = 1; n <= 4; n++) {
      chain(device, n);
    }

    assertThat(small.replay(2, 10)).isEqualTo(new Replay.Gap(2, 3, 5));
    assertThat(eventsOf(small, 3)).hasSize(2);
    assertThat(small.statistics().retainedEvents()).isEqualTo(2);
  }

  @Test
  void what_is_not_kept_any_more_is_a_gap_by_number_of_blocks() {
    RouterEventLog small = new RouterEventLog(new RouterEventLogConfig(PAGE, 100, 5, 5), 0);
    BlockPool device = pool(small, "device", 16);
    chain(device, 1, 2, 3);
    chain(device, 11, 12);
    assertThat(small.statistics().retainedBlocks()).isEqualTo(5);
    chain(device, 21);

    assertThat(small.replay(1, 10)).isEqualTo(new Replay.Gap(1, 2, 4));
    assertThat(small.statistics().retainedBlocks()).isEqualTo(3);
  }

  @Test
  void a_number_of_another_log_is_a_gap() {
    chain(pool("device", 8), 1);

    assertThat(log.replay(2, 10)).isEqualTo(new Replay.Events(List.of()));
    assertThat(log.replay(3, 10)).isEqualTo(new Replay.Gap(3, 1, 2));
    assertThat(log.replay(0, 10)).isEqualTo(new Replay.Gap(0, 1, 2));
  }

  @Test
  void a_replay_after_a_snapshot_continues_it() {
    BlockPool device = pool("device", 8);
    BlockPool host = pool("host", 8);
    chain(device, 1, 2);
    chain(host, 1);
    RouterSnapshot snapshot = log.snapshot();
    register(device, key(3), key(2)).close();
    host.resetBlocks(keys(1));

    assertThat(snapshot.sequence()).isEqualTo(2);
    assertThat(snapshot.incarnation()).isEqualTo(log.incarnation()).isEqualTo(77);
    assertThat(snapshot.tiers().get("device"))
        .containsExactlyInAnyOrder(
            new RouterSnapshot.Resident(key(1), null), new RouterSnapshot.Resident(key(2), key(1)));
    RouterMirror mirror = RouterMirror.of(snapshot);
    mirror.catchUp(log, 1);
    assertThat(mirror.keys("device")).isEqualTo(keys(1, 2, 3).stream().sorted().toList());
    assertThat(mirror.keys("host")).isEmpty();
  }

  @Test
  void a_snapshot_as_events_says_the_same_with_parents_first() {
    BlockPool device = pool("device", 8);
    chain(device, 1, 2, 3);
    register(device, key(4), key(1)).close();
    register(device, key(5), key(99)).close();
    RouterSnapshot snapshot = log.snapshot();

    RouterMirror fromEvents = new RouterMirror();
    for (RouterEvent event : snapshot.asEvents()) {
      assertThat(event.sequence()).isEqualTo(snapshot.sequence());
      BlockKey parent = ((RouterEvent.Stored) event).parent();
      if (parent != null && !parent.equals(key(99))) {
        assertThat(fromEvents.tier("device")).containsKey(parent);
      }
      fromEvents.applyBlocks(event);
    }
    assertThat(fromEvents.tiers).isEqualTo(RouterMirror.of(snapshot).tiers);
    assertThat(snapshot.asEvents()).hasSize(3);
  }

  /** Callers name parents, and may name them in a circle. */
  @Test
  void a_snapshot_as_events_leaves_out_no_block_of_a_circle() {
    RouterSnapshot snapshot =
        snapshot(
            100,
            resident(1, 3),
            resident(2, 1),
            resident(3, 2),
            resident(4, 2),
            resident(5, 4),
            resident(9, null));

    assertThat(snapshot.asEvents().stream().map(event -> ((RouterEvent.Stored) event).keys()))
        .containsExactlyInAnyOrder(keys(9), keys(1, 2, 3), keys(4, 5));
  }

  @Test
  void a_snapshot_as_events_names_no_more_blocks_in_one_than_the_log() {
    RouterSnapshot snapshot =
        snapshot(2, resident(1, 7), resident(2, 1), resident(3, 2), resident(4, 3), resident(5, 4));

    assertThat(snapshot.asEvents())
        .containsExactly(
            stored("device", 6, key(7), 1, 2),
            stored("device", 6, key(2), 3, 4),
            stored("device", 6, key(4), 5));
  }

  private static RouterSnapshot snapshot(int maxBlocks, RouterSnapshot.Resident... blocks) {
    return new RouterSnapshot(1, 6, PAGE, maxBlocks, Map.of("device", List.of(blocks)));
  }

  private static RouterSnapshot.Resident resident(long key, @Nullable Integer parent) {
    return new RouterSnapshot.Resident(key(key), parent == null ? null : key(parent));
  }

  @Test
  void a_slow_subscriber_holds_up_no_pool_and_learns_what_it_missed() {
    RouterEventLog small = new RouterEventLog(new RouterEventLogConfig(PAGE, 2, 100, 100), 0);
    BlockPool device = pool(small, "device", 8);
    Queue<Runnable> slow = new ArrayDeque<>();
    Recorder sink = new Recorder();
    RouterSubscription subscription = small.subscribe(sink, 1, slow::add);
    for (long n = 1; n <= 5; n++) {
      chain(device, n);
    }
    assertThat(slow).hasSize(1);

    slow.remove().run();
    chain(device, 6);
    slow.remove().run();

    assertThat(sink.gaps).containsExactly(new Replay.Gap(1, 4, 6));
    assertThat(sink.events)
        .containsExactly(
            stored("device", 4, null, 4),
            stored("device", 5, null, 5),
            stored("device", 6, null, 6));
    assertThat(subscription.gapCount()).isEqualTo(1);
  }

  @Test
  void a_sink_that_throws_loses_only_that_call_and_a_closed_one_gets_no_more() {
    BlockPool device = pool("device", 8);
    List<Long> seen = new ArrayList<>();
    RouterSubscription subscription =
        log.subscribe(
            event -> {
              seen.add(event.sequence());
              if (event.sequence() == 1) {
                throw new IllegalStateException("broken sink of the test");
              }
            },
            1,
            Runnable::run);
    chain(device, 1);
    chain(device, 2);
    subscription.close();
    subscription.close();
    chain(device, 3);

    assertThat(seen).containsExactly(1L, 2L);
  }

  @Test
  void a_subscription_ends_with_its_executor() {
    BlockPool device = pool("device", 8);
    var executor = Executors.newSingleThreadExecutor();
    Recorder sink = new Recorder();
    executor.shutdown();

    log.subscribe(sink, 1, executor);
    chain(device, 1);

    assertThat(sink.events).isEmpty();
    assertThat(events()).hasSize(1);
  }

  @Test
  void two_pools_cannot_be_one_tier() {
    log.tier("device");

    assertThatExceptionOfType(CallerException.class)
        .isThrownBy(() -> log.tier("device"))
        .withMessageContaining("tier device reports to this log already");
  }

  @Test
  void bounds_below_one_are_refused() {
    assertThatExceptionOfType(ConfigurationException.class)
        .isThrownBy(() -> new RouterEventLogConfig(PAGE, 0, 1, 1))
        .withMessageContaining("maxEvents is 0");
    assertThatExceptionOfType(ConfigurationException.class)
        .isThrownBy(() -> new RouterEventLogConfig(PAGE, 1, 3, 4))
        .withMessageContaining("maxBlocks is 3: it must be at least 4");
  }

  @Test
  void listeners_are_joined_in_order() {
    RouterEventLog other = new RouterEventLog(RouterEventLogConfig.of(PAGE), 1);
    ContentListener both = log.tier("device").andThen(other.tier("device"));
    BlockPool pool = BlockPool.builder().logical(shape(4)).content(both).build();
    chain(pool, 1, 2);
    pool.resetBlocks(keys(2));
    pool.reset();

    assertThat(events()).hasSize(3).isEqualTo(eventsOf(other, 1));
  }

  private static final class Recorder implements RouterEventSink {
    final List<RouterEvent> events = new ArrayList<>();
    final List<Replay.Gap> gaps = new ArrayList<>();

    @Override
    public void publish(RouterEvent event) {
      events.add(event);
    }

    @Override
    public void lost(Replay.Gap gap) {
      gaps.add(gap);
    }
  }

  private List<RouterEvent> events() {
    return events(1);
  }

  private List<RouterEvent> events(long from) {
    return eventsOf(log, from);
  }

  private static List<RouterEvent> eventsOf(RouterEventLog log, long from) {
    return ((Replay.Events) log.replay(from, Integer.MAX_VALUE)).events();
  }

  private BlockPool pool(String tier, int blocks) {
    return pool(log, tier, blocks);
  }

  private static BlockPool pool(RouterEventLog log, String tier, int blocks) {
    return BlockPool.builder().name(tier).logical(shape(blocks)).content(log.tier(tier)).build();
  }

  static LayoutConfig shape(int blocks) {
    return new LayoutConfig(blocks, 1, 1, PAGE, 8, DType.FP16, 1);
  }

  private static void chain(BlockPool pool, long... numbers) {
    BlockKey parent = null;
    List<ImmutableBlock> blocks = new ArrayList<>();
    for (long n : numbers) {
      blocks.add(register(pool, key(n), parent));
      parent = key(n);
    }
    BlockPool.closeAll(blocks);
  }

  static ImmutableBlock register(BlockPool pool, BlockKey key, @Nullable BlockKey parent) {
    return pool.allocateBlocks(1).getFirst().complete(key, parent).register();
  }

  private static RouterEvent stored(
      String tier, long sequence, @Nullable BlockKey parent, long... numbers) {
    return new RouterEvent.Stored(tier, sequence, parent, keys(numbers), PAGE, TokenIds.NONE);
  }

  static BlockKey key(long n) {
    return BlockKey.derived(n);
  }

  private static List<BlockKey> keys(long... numbers) {
    List<BlockKey> keys = new ArrayList<>();
    for (long n : numbers) {
      keys.add(key(n));
    }
    return keys;
  }
}
