package io.kvbm.core.prefetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.kvbm.api.CancellationToken;
import io.kvbm.api.ClosedException;
import io.kvbm.api.ConfigurationException;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.spi.Clock;
import io.kvbm.core.time.Deadlines;
import io.kvbm.testkit.ManualClock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PrefetcherTest {

  private static final long BLOCK = 100;
  private static final long SECOND = 1_000_000_000L;
  private static final long PAUSE = 10 * SECOND;

  /** 4 blocks and 2 operations in flight, 3 blocks an operation, a sample of 8 blocks. */
  private static final PrefetchConfig CONFIG =
      new PrefetchConfig(BLOCK, 4 * BLOCK, 2, 3, 3, 12, 0.8, 0.5, 0.5, 8 * BLOCK, PAUSE, 3 * PAUSE);

  private final ManualClock clock = new ManualClock();
  private final List<Call> calls = new ArrayList<>();
  private double load;
  private @Nullable RuntimeException loadFailure;
  private final Prefetcher prefetcher = new Prefetcher(CONFIG, this::load, this::load, clock);

  @Test
  void no_more_bytes_and_operations_are_in_flight_than_allowed() {
    PrefetchHandle handle = prefetcher.prefetch(keys(1, 6), SECOND);

    assertThat(calls).extracting(Call::keys).containsExactly(keys(1, 3), keys(4, 4));
    assertThat(prefetcher.statistics().bytesInFlight()).isEqualTo(4 * BLOCK);
    assertThat(prefetcher.statistics().operationsInFlight()).isEqualTo(2);
    calls.get(1).finish();
    assertThat(calls.get(2).keys).isEqualTo(keys(5, 5));
    calls.get(0).finish();
    calls.get(2).finish();
    calls.get(3).finish();

    assertThat(report(handle))
        .isEqualTo(new PrefetchReport(PrefetchOutcome.LOADED, 6, 6, 6 * BLOCK));
    assertThat(prefetcher.statistics().bytesInFlight()).isZero();
    assertThat(prefetcher.statistics().issuedBytes()).isEqualTo(6 * BLOCK);
  }

  @Test
  void operations_are_bounded_where_bytes_are_left() {
    for (int i = 1; i <= 3; i++) {
      prefetcher.prefetch(keys(i, i), SECOND);
    }

    assertThat(calls).hasSize(2);
    calls.getFirst().finish();
    assertThat(calls).hasSize(3);
  }

  @Test
  void the_most_urgent_deadline_goes_first() {
    prefetcher.prefetch(keys(1, 4), SECOND);
    prefetcher.prefetch(keys(10, 10), 9 * SECOND);
    prefetcher.prefetch(keys(20, 20), 5 * SECOND);

    calls.get(1).finish();

    assertThat(calls.get(2).keys).isEqualTo(keys(20, 20));
    assertThat(calls.get(2).deadlineNanos).isEqualTo(5 * SECOND);
  }

  @Test
  void what_is_being_loaded_or_waits_for_its_use_is_not_loaded_again() {
    prefetcher.prefetch(keys(1, 2), SECOND);
    PrefetchHandle again = prefetcher.prefetch(keys(1, 3), SECOND);
    calls.forEach(Call::finish);
    PrefetchHandle third = prefetcher.prefetch(keys(1, 3), SECOND);

    assertThat(calls).extracting(Call::keys).containsExactly(keys(1, 2), keys(3, 3));
    assertThat(report(again).loadedBlocks()).isEqualTo(1);
    assertThat(report(third)).isEqualTo(new PrefetchReport(PrefetchOutcome.LOADED, 3, 0, 0));
    prefetcher.used(key(1));
    prefetcher.prefetch(keys(1, 1), SECOND);
    assertThat(calls).hasSize(3);
  }

  @Test
  void high_load_drops_what_comes_and_what_waits() {
    prefetcher.prefetch(keys(1, 4), SECOND);
    PrefetchHandle waiting = prefetcher.prefetch(keys(5, 5), SECOND);
    load = 0.8;
    PrefetchHandle coming = prefetcher.prefetch(keys(6, 6), SECOND);

    assertThat(report(coming).outcome()).isEqualTo(PrefetchOutcome.BUSY);
    assertThat(report(waiting).outcome()).isEqualTo(PrefetchOutcome.BUSY);
    load = 0.79;
    calls.get(1).finish();
    assertThat(calls).hasSize(2);
    assertThat(prefetcher.statistics().outcomes()).containsEntry(PrefetchOutcome.BUSY, 2L);
  }

  @Test
  void what_is_not_begun_by_its_deadline_is_dropped() {
    PrefetchHandle begun = prefetcher.prefetch(keys(1, 5), SECOND);
    PrefetchHandle waiting = prefetcher.prefetch(keys(6, 6), SECOND);
    clock.advance(Duration.ofSeconds(1));
    PrefetchHandle late = prefetcher.prefetch(keys(7, 7), SECOND);
    calls.forEach(Call::finish);

    assertThat(report(late).outcome()).isEqualTo(PrefetchOutcome.EXPIRED);
    assertThat(report(waiting).outcome()).isEqualTo(PrefetchOutcome.EXPIRED);
    assertThat(report(begun))
        .isEqualTo(new PrefetchReport(PrefetchOutcome.EXPIRED, 5, 4, 4 * BLOCK));
  }

  @Test
  void no_more_wait_than_allowed() {
    prefetcher.prefetch(keys(1, 4), SECOND);
    for (int i = 0; i < 3; i++) {
      prefetcher.prefetch(keys(10 + i, 10 + i), SECOND);
    }

    assertThat(report(prefetcher.prefetch(keys(20, 20), SECOND)).outcome())
        .isEqualTo(PrefetchOutcome.QUEUE_FULL);
    assertThat(prefetcher.statistics().queued()).isEqualTo(3);
  }

  @Test
  void cancelling_drops_what_waits_and_tells_what_runs() {
    PrefetchHandle running = prefetcher.prefetch(keys(1, 6), SECOND);
    PrefetchHandle waiting = prefetcher.prefetch(keys(7, 7), SECOND);
    waiting.cancel();
    assertThat(report(waiting).outcome()).isEqualTo(PrefetchOutcome.CANCELLED);

    running.cancel();
    running.cancel();
    assertThat(calls).allMatch(call -> call.cancellation.isCancelled());
    calls.get(0).finish();
    assertThat(running.completion().toCompletableFuture()).isNotDone();
    calls.get(1).answer.complete(new long[] {0});

    assertThat(report(running))
        .isEqualTo(new PrefetchReport(PrefetchOutcome.CANCELLED, 6, 3, 3 * BLOCK));
    assertThat(calls).hasSize(2);
    running.cancel();
    assertThat(prefetcher.statistics().outcomes()).containsEntry(PrefetchOutcome.CANCELLED, 2L);
  }

  @Test
  void a_target_that_fails_ends_that_prefetch_only() {
    PrefetchHandle failing = prefetcher.prefetch(keys(1, 6), SECOND);
    calls.get(0).answer.completeExceptionally(new IllegalStateException("broken target"));
    PrefetchHandle next = prefetcher.prefetch(keys(1, 1), SECOND);
    calls.get(1).finish();
    calls.get(2).finish();

    assertThat(report(failing)).isEqualTo(new PrefetchReport(PrefetchOutcome.FAILED, 6, 1, BLOCK));
    assertThat(report(next).loadedBlocks()).isEqualTo(1);
    assertThat(prefetcher.statistics().bytesInFlight()).isZero();
  }

  @Test
  void a_target_that_throws_ends_that_prefetch() {
    Prefetcher broken =
        new Prefetcher(
            CONFIG,
            (keys, deadline, cancellation) -> {
              throw new IllegalStateException("broken target");
            },
            () -> 0,
            clock);

    assertThat(report(broken.prefetch(keys(1, 6), SECOND)).outcome())
        .isEqualTo(PrefetchOutcome.FAILED);
    assertThat(broken.statistics().operationsInFlight()).isZero();
  }

  @Test
  void a_target_that_completes_at_once_makes_no_deep_stack() {
    Prefetcher instant =
        new Prefetcher(
            PrefetchConfig.of(BLOCK),
            (keys, deadline, cancellation) -> CompletableFuture.completedFuture(bytes(keys.size())),
            () -> 0,
            clock);

    assertThat(report(instant.prefetch(keys(1, 60_000), SECOND)).loadedBlocks()).isEqualTo(60_000);
  }

  @Test
  void issued_bytes_are_used_or_wasted_or_unsettled() {
    prefetcher.prefetch(keys(1, 3), SECOND);
    prefetcher.used(key(1)); // before it is there
    calls.get(0).finish();
    prefetcher.used(key(2));
    prefetcher.used(key(2));
    prefetcher.evicted(key(2));
    prefetcher.evicted(key(1));
    prefetcher.prefetch(keys(4, 4), SECOND);
    calls.get(1).finish();
    prefetcher.evicted(key(4));
    prefetcher.used(key(99));
    prefetcher.evicted(key(99));

    PrefetchStatistics statistics = prefetcher.statistics();
    assertThat(statistics.issuedBytes()).isEqualTo(4 * BLOCK);
    assertThat(statistics.usedBytes()).isEqualTo(2 * BLOCK);
    assertThat(statistics.wastedBytes()).isEqualTo(BLOCK);
    assertThat(statistics.unsettledBytes()).isEqualTo(BLOCK);
  }

  @Test
  void what_is_watched_is_bounded_and_the_oldest_counts_as_wasted() {
    fetch(1, 13);

    assertThat(prefetcher.statistics().wastedBytes()).isEqualTo(BLOCK);
    prefetcher.used(key(1));
    assertThat(prefetcher.statistics().usedBytes()).isZero();
  }

  @Test
  void it_stops_itself_when_too_much_is_wasted_and_tries_again_for_longer_and_longer() {
    waste(1, 8);
    assertThat(prefetcher.statistics().paused()).isTrue();
    assertThat(outcomeOf(20)).isEqualTo(PrefetchOutcome.WASTEFUL);

    clock.advance(Duration.ofNanos(PAUSE));
    assertThat(prefetcher.statistics().paused()).isFalse();
    waste(30, 31);
    assertThat(prefetcher.statistics().paused()).isTrue();
    clock.advance(Duration.ofNanos(PAUSE));
    assertThat(outcomeOf(20)).isEqualTo(PrefetchOutcome.WASTEFUL);

    clock.advance(Duration.ofNanos(PAUSE));
    waste(40, 41);
    clock.advance(Duration.ofNanos(3 * PAUSE)); // not 4: the longest pause
    use(50, 51);
    assertThat(prefetcher.statistics().pauses()).isEqualTo(3);
    waste(60, 67); // open again, so a whole sample, and the first pause
    assertThat(prefetcher.statistics().pauses()).isEqualTo(4);
    clock.advance(Duration.ofNanos(PAUSE));
    assertThat(outcomeOf(70)).isEqualTo(PrefetchOutcome.LOADED);
  }

  @Test
  void while_it_tries_again_it_loads_half_a_sample() {
    waste(1, 8);
    clock.advance(Duration.ofNanos(PAUSE));
    PrefetchHandle handle = prefetcher.prefetch(keys(20, 27), forever());
    for (int i = calls.size() - 2; i < calls.size(); i++) {
      calls.get(i).finish();
    }

    assertThat(report(handle))
        .isEqualTo(new PrefetchReport(PrefetchOutcome.WASTEFUL, 8, 4, 4 * BLOCK));
  }

  @Test
  void what_was_loaded_before_a_pause_does_not_judge_what_comes_after_it() {
    fetch(1, 8);
    fetch(9, 12);
    evict(1, 8);
    clock.advance(Duration.ofNanos(PAUSE));
    fetch(20, 20);
    evict(9, 12);

    assertThat(prefetcher.statistics().paused()).isFalse();
    assertThat(prefetcher.statistics().wastedBytes()).isEqualTo(12 * BLOCK);
  }

  @Test
  void enough_use_keeps_it_open_and_the_past_fades() {
    for (int round = 0; round < 50; round++) {
      use(1, 4);
    }
    waste(100, 111);

    assertThat(prefetcher.statistics().paused()).isTrue();
  }

  @Test
  void conversations_likely_to_go_on_are_prefetched_for_when_they_are_expected() {
    ThinkTimePredictor predictor = new ThinkTimePredictor(10, 20 * SECOND);
    for (int i = 0; i < 10; i++) {
      predictor.observe("soon", i * 10 * SECOND);
      predictor.observe("late", i * 1_000 * SECOND);
    }
    predictor.observe("soon", 8_999 * SECOND);
    predictor.observe("soon", 9_000 * SECOND);
    predictor.turnEnded("nothing", 0);
    clock.advance(Duration.ofSeconds(9_000));

    List<PrefetchHandle> begun =
        prefetcher.prefetchPredicted(
            predictor, id -> id.equals("soon") ? keys(1, 2) : keys(5, 6), 10);

    assertThat(begun).hasSize(1);
    assertThat(calls).hasSize(1);
    assertThat(calls.getFirst().keys).isEqualTo(keys(1, 2));
    assertThat(calls.getFirst().deadlineNanos).isGreaterThan(clock.nanoTime());
    assertThat(prefetcher.prefetchPredicted(predictor, id -> List.of(), 10)).isEmpty();
  }

  @Test
  void closing_cancels_everything_and_takes_nothing_more() {
    PrefetchHandle running = prefetcher.prefetch(keys(1, 4), SECOND);
    PrefetchHandle waiting = prefetcher.prefetch(keys(5, 5), SECOND);
    prefetcher.close();
    prefetcher.close();
    calls.forEach(Call::finish);

    assertThat(report(running).outcome()).isEqualTo(PrefetchOutcome.CANCELLED);
    assertThat(report(waiting).outcome()).isEqualTo(PrefetchOutcome.CANCELLED);
    assertThatExceptionOfType(ClosedException.class)
        .isThrownBy(() -> prefetcher.prefetch(keys(9, 9), SECOND));
  }

  @Test
  void bounds_that_allow_nothing_are_refused() {
    assertThatExceptionOfType(ConfigurationException.class)
        .isThrownBy(() -> new PrefetchConfig(100, 99, 1, 1, 1, 1, 1, 1, 1, 100, 1, 1))
        .withMessageContaining("maxBytesInFlight is 99: it must be at least 100");
  }

  @ParameterizedTest
  @CsvSource({
    "NaN,0.5,0.5,maxLoad",
    "0,0.5,0.5,maxLoad",
    "1,NaN,0.5,minProbability",
    "1,1.1,0.5,minProbability",
    "1,0.5,NaN,wasteLimit",
    "1,0.5,-0.1,wasteLimit"
  })
  void shares_that_are_none_are_refused(
      double maxLoad, double minProbability, double wasteLimit, String named) {
    assertThatExceptionOfType(ConfigurationException.class)
        .isThrownBy(
            () ->
                new PrefetchConfig(1, 1, 1, 1, 1, 1, maxLoad, minProbability, wasteLimit, 1, 1, 1))
        .withMessageStartingWith(named + " is ");
  }

  @Test
  void a_load_that_throws_is_high_load_and_nothing_else() {
    prefetcher.prefetch(keys(1, 4), SECOND);
    PrefetchHandle waiting = prefetcher.prefetch(keys(5, 5), SECOND);
    loadFailure = new IllegalStateException("no load");
    PrefetchHandle refused = prefetcher.prefetch(keys(6, 6), SECOND);
    List.copyOf(calls).forEach(Call::finish);

    assertThat(report(refused).outcome()).isEqualTo(PrefetchOutcome.BUSY);
    assertThat(report(waiting).outcome()).isEqualTo(PrefetchOutcome.BUSY);
    loadFailure = null;
    fetch(7, 9);
    load = Double.NaN;
    assertThat(outcomeOf(10)).isEqualTo(PrefetchOutcome.BUSY);
  }

  /** The next look is scheduled whatever became of the last one. */
  @Test
  void a_look_that_fails_is_not_the_last() {
    AtomicBoolean broken = new AtomicBoolean();
    Clock unsteady =
        new Clock() {
          @Override
          public long nanoTime() {
            if (broken.get()) {
              throw new IllegalStateException("no time");
            }
            return clock.nanoTime();
          }

          @Override
          public Instant instant() {
            return clock.instant();
          }
        };
    Prefetcher loader = new Prefetcher(CONFIG, this::load, () -> load, unsteady);
    Deadlines deadlines = Deadlines.manual(clock.nanoTime());
    List<Runnable> looks = new ArrayList<>();
    PrefetchOptions options = PrefetchOptions.DEFAULT.withTimes(SECOND, SECOND);
    try (ConversationPrefetcher conversations =
        new ConversationPrefetcher(options, loader, clock, deadlines, looks::add)) {
      conversations.start();
      deadlines.advanceTo(clock.nanoTime() + 2 * SECOND);
      broken.set(true);
      assertThatExceptionOfType(IllegalStateException.class)
          .isThrownBy(() -> looks.getFirst().run());
      broken.set(false);
      deadlines.advanceTo(clock.nanoTime() + 4 * SECOND);

      assertThat(looks).hasSize(2);
    }
  }

  /** They have left with the others, though their load was not known to have ended. */
  @Test
  void what_is_being_loaded_when_the_tier_is_emptied_is_wasted_and_may_be_loaded_again() {
    prefetcher.prefetch(keys(1, 2), SECOND);
    prefetcher.used(key(2));
    prefetcher.evictedAll();
    calls.getFirst().finish();

    assertThat(prefetcher.statistics().unsettledBytes()).isZero();
    assertThat(prefetcher.statistics().wastedBytes()).isEqualTo(BLOCK);
    assertThat(prefetcher.statistics().usedBytes()).isEqualTo(BLOCK);
    prefetcher.prefetch(keys(1, 1), SECOND);
    assertThat(calls).hasSize(2);
  }

  @Test
  void what_is_unused_at_the_end_is_wasted() {
    fetch(1, 3);
    prefetcher.used(key(2));
    prefetcher.close();

    assertThat(prefetcher.statistics().unsettledBytes()).isZero();
    assertThat(prefetcher.statistics().wastedBytes()).isEqualTo(2 * BLOCK);
  }

  private record Call(
      List<BlockKey> keys,
      long deadlineNanos,
      CancellationToken cancellation,
      CompletableFuture<long[]> answer) {
    void finish() {
      answer.complete(bytes(keys.size()));
    }
  }

  private double load() {
    if (loadFailure != null) {
      throw loadFailure;
    }
    return load;
  }

  private CompletionStage<long[]> load(
      List<BlockKey> keys, long deadlineNanos, CancellationToken cancellation) {
    Call call = new Call(keys, deadlineNanos, cancellation, new CompletableFuture<>());
    calls.add(call);
    return call.answer;
  }

  private void fetch(int from, int to) {
    PrefetchHandle handle = prefetcher.prefetch(keys(from, to), forever());
    while (!handle.completion().toCompletableFuture().isDone()) {
      List.copyOf(calls).forEach(Call::finish);
    }
    assertThat(report(handle).loadedBlocks()).isEqualTo(to - from + 1);
  }

  private void waste(int from, int to) {
    fetch(from, to);
    evict(from, to);
  }

  private void evict(int from, int to) {
    keys(from, to).forEach(prefetcher::evicted);
  }

  private void use(int from, int to) {
    fetch(from, to);
    keys(from, to).forEach(prefetcher::used);
  }

  private PrefetchOutcome outcomeOf(int key) {
    PrefetchHandle handle = prefetcher.prefetch(keys(key, key), forever());
    List.copyOf(calls).forEach(Call::finish);
    return report(handle).outcome();
  }

  private long forever() {
    return clock.nanoTime() + 3_600 * SECOND;
  }

  private static PrefetchReport report(PrefetchHandle handle) {
    CompletableFuture<PrefetchReport> completion = handle.completion().toCompletableFuture();
    assertThat(completion).isDone();
    return completion.join();
  }

  private static long[] bytes(int count) {
    long[] bytes = new long[count];
    Arrays.fill(bytes, BLOCK);
    return bytes;
  }

  private static BlockKey key(long n) {
    return BlockKey.derived(n);
  }

  private static List<BlockKey> keys(int from, int to) {
    return IntStream.rangeClosed(from, to).mapToObj(PrefetcherTest::key).toList();
  }
}
