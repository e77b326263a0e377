package io.kvbm.core.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.kvbm.api.CallerException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.ConfigurationException;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.event.BlockEvent;
import io.kvbm.core.registry.BlockRegistration;
import io.kvbm.core.registry.BlockRegistry;
import io.kvbm.core.time.Deadlines;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class EventHubTest {

  private static final long MILLI = 1_000_000;

  private final Deadlines deadlines = Deadlines.manual(0);
  private final List<BlockEvent> events = new ArrayList<>();

  @Test
  void case51_removedIsPublishedOnceWhenTheLastCopyOfATierGoes() {
    EventHub hub = hub(EventHubConfig.DEFAULT);
    hub.subscribe(events::add);
    BlockRegistry registry = new BlockRegistry(0);
    registry.addObserver(
        (registration, tier, first) -> {
          if (first) {
            hub.stored(tierName(tier), registration.key(), null, 0);
          }
        });
    BlockRegistration registration = registry.register(key(1), 0);
    registry.register(key(1), 0);
    registry.register(key(1), 1);

    for (int tier : new int[] {0, 1, 0}) {
      if (registration.release(tier)) {
        hub.removed(tierName(tier), key(1), 0);
      }
    }
    hub.flush();

    assertThat(events)
        .containsExactly(
            new BlockEvent.Stored("device", 0, null, List.of(key(1))),
            new BlockEvent.Stored("host", 1, null, List.of(key(1))),
            new BlockEvent.Removed("host", 2, List.of(key(1))),
            new BlockEvent.Removed("device", 3, List.of(key(1))));
  }

  @Test
  void case51_aSwitchOfTypePublishesTheBatch() {
    EventHub hub = hub(EventHubConfig.DEFAULT);
    hub.subscribe(events::add);
    hub.stored("host", key(1), null, 0);
    assertThat(events).isEmpty();

    hub.removed("host", key(2), 0);
    assertThat(events).containsExactly(new BlockEvent.Stored("host", 0, null, List.of(key(1))));
  }

  @Test
  void case51_aFullBatchIsPublished() {
    EventHub hub = hub(new EventHubConfig(EventFilter.ALL, 3, 10 * MILLI, 16));
    hub.subscribe(events::add);
    hub.removed("host", key(1), 0);
    hub.removed("host", key(2), 1);
    assertThat(events).isEmpty();

    hub.removed("host", key(3), 2);
    assertThat(events)
        .containsExactly(new BlockEvent.Removed("host", 0, List.of(key(3), key(2), key(1))));
    assertThat(deadlines.pendingCount()).as("the timeout is cancelled").isZero();
  }

  @Test
  void case51_aBatchIsPublishedWhenItsTimeIsOver() {
    EventHub hub = hub(EventHubConfig.DEFAULT);
    hub.subscribe(events::add);
    hub.stored("host", key(1), null, 0);
    deadlines.advanceTo(9 * MILLI);
    hub.stored("host", key(2), key(1), 1);
    deadlines.advanceTo(10 * MILLI - 1);
    assertThat(events).isEmpty();

    deadlines.advanceTo(10 * MILLI);
    assertThat(events)
        .containsExactly(new BlockEvent.Stored("host", 0, null, List.of(key(1), key(2))));
    deadlines.advanceTo(100 * MILLI);
    assertThat(events).hasSize(1);
  }

  @Test
  void case51_lagIsReportedToTheLossAwareSubscriberAndCountedForOthers() {
    Queue<Runnable> tasks = new ArrayDeque<>();
    EventHub hub =
        new EventHub(new EventHubConfig(EventFilter.ALL, 1, MILLI, 4), deadlines, tasks::add);
    LossLog aware = new LossLog();
    Subscription awareSubscription = hub.subscribe(aware);
    Subscription other = hub.subscribe(events::add);
    for (long i = 0; i < 10; i++) {
      hub.removed("host", key(i), 0);
    }
    assertThat(tasks).as("one task per subscriber").hasSize(2);
    tasks.forEach(Runnable::run);

    assertThat(aware.log).containsExactly("lost 0+6", "6", "7", "8", "9");
    assertThat(events).extracting(BlockEvent::sequence).containsExactly(6L, 7L, 8L, 9L);
    assertThat(awareSubscription.lostCount()).isEqualTo(6);
    assertThat(other.lostCount()).isEqualTo(6);
  }

  @Test
  void parentsComeBeforeChildrenWhenStoredAndAfterThemWhenRemoved() {
    EventHub hub = hub(EventHubConfig.DEFAULT);
    hub.subscribe(events::add);
    hub.stored("host", key(3), key(2), 2);
    hub.stored("host", key(1), null, 0);
    hub.stored("host", key(2), key(1), 1);
    hub.removed("host", key(1), 0);
    hub.removed("host", key(3), 2);
    hub.removed("host", key(2), 1);
    hub.flush();

    assertThat(events)
        .containsExactly(
            new BlockEvent.Stored("host", 0, null, List.of(key(1), key(2), key(3))),
            new BlockEvent.Removed("host", 1, List.of(key(3), key(2), key(1))));
  }

  @Test
  void eachStoredEventIsOneChain() {
    EventHub hub = hub(EventHubConfig.DEFAULT);
    hub.subscribe(events::add);
    hub.stored("host", key(1), null, 0);
    hub.stored("host", key(20), key(1), 1);
    hub.stored("host", key(30), key(1), 1);
    hub.stored("host", key(31), key(30), 2);
    hub.stored("host", key(9), key(8), 7);
    hub.flush();

    assertThat(events)
        .containsExactly(
            new BlockEvent.Stored("host", 0, null, List.of(key(1), key(20))),
            new BlockEvent.Stored("host", 1, key(1), List.of(key(30), key(31))),
            new BlockEvent.Stored("host", 2, key(8), List.of(key(9))));
  }

  @Test
  void clearingComesAfterWhatWasBefore() {
    EventHub hub = hub(EventHubConfig.DEFAULT);
    hub.subscribe(events::add);
    hub.stored("host", key(1), null, 0);
    hub.cleared("host");

    assertThat(events)
        .containsExactly(
            new BlockEvent.Stored("host", 0, null, List.of(key(1))),
            new BlockEvent.Cleared("host", 1));
  }

  @Test
  void theFilterDecidesByPosition() {
    EventHub hub = hub(new EventHubConfig(EventFilter.POWER_OF_TWO, 1, MILLI, 8));
    hub.subscribe(events::add);
    LongStream.rangeClosed(0, 40).forEach(i -> hub.stored("host", key(i), key(i - 1), i));
    hub.removed("host", key(31), 31);
    hub.removed("host", key(32), 32);

    assertThat(events)
        .containsExactly(
            new BlockEvent.Stored("host", 0, key(15), List.of(key(16))),
            new BlockEvent.Stored("host", 1, key(31), List.of(key(32))),
            new BlockEvent.Removed("host", 2, List.of(key(32))));
  }

  @Test
  void aLateSubscriberReplaysWhatIsKept() {
    EventHub hub = hub(new EventHubConfig(EventFilter.ALL, 1, MILLI, 4));
    for (long i = 0; i < 6; i++) {
      hub.removed("host", key(i), 0);
    }
    Subscription fromKept = hub.subscribeFrom(events::add, 3);
    assertThat(events).extracting(BlockEvent::sequence).containsExactly(3L, 4L, 5L);
    assertThat(fromKept.lostCount()).isZero();

    LossLog aware = new LossLog();
    hub.subscribeFrom(aware, 1);
    assertThat(aware.log).containsExactly("lost 1+1", "2", "3", "4", "5");
    assertThat(hub.nextSequence()).isEqualTo(6);
    assertThatExceptionOfType(CallerException.class)
        .isThrownBy(() -> hub.subscribeFrom(aware, 7))
        .withMessageContaining("the next one is 6");
  }

  @Test
  void aSubscriptionThatIsClosedGetsNoMore() {
    EventHub hub = hub(new EventHubConfig(EventFilter.ALL, 1, MILLI, 4));
    List<Subscription> own = new ArrayList<>();
    own.add(
        hub.subscribe(
            event -> {
              events.add(event);
              own.getFirst().close();
            }));
    hub.cleared("host");
    hub.cleared("host");

    assertThat(events).hasSize(1);
  }

  @Test
  void aSubscriberThatThrowsKeepsItsPlaceAndHarmsNoOther() {
    EventHub hub = hub(new EventHubConfig(EventFilter.ALL, 1, MILLI, 4));
    List<Long> attempted = new ArrayList<>();
    hub.subscribe(
        event -> {
          attempted.add(event.sequence());
          throw new ArithmeticException("expected by the test");
        });
    hub.subscribe(events::add);
    hub.cleared("host");
    hub.cleared("host");

    assertThat(attempted).containsExactly(0L, 1L);
    assertThat(events).hasSize(2);
  }

  @Test
  void closingPublishesWhatWaitsAndTakesNoMore() {
    EventHub hub = hub(EventHubConfig.DEFAULT);
    hub.subscribe(events::add);
    hub.stored("host", key(1), null, 0);
    hub.close();
    hub.close();
    hub.stored("host", key(2), null, 0);
    hub.cleared("host");
    hub.flush();

    assertThat(events).containsExactly(new BlockEvent.Stored("host", 0, null, List.of(key(1))));
    assertThatExceptionOfType(ClosedException.class).isThrownBy(() -> hub.subscribe(events::add));
  }

  @Test
  void eventsOfManyThreadsReachASubscriberOnceAndInOrder() throws Exception {
    int threads = 4;
    int perThread = 5_000;
    List<Long> sequences = new ArrayList<>();
    CountDownLatch arrived = new CountDownLatch(threads * perThread);
    try (ExecutorService delivery = Executors.newFixedThreadPool(2);
        ExecutorService publishers = Executors.newFixedThreadPool(threads)) {
      EventHub hub =
          new EventHub(
              new EventHubConfig(EventFilter.ALL, 1, MILLI, threads * perThread),
              deadlines,
              delivery);
      hub.subscribe(
          event -> {
            sequences.add(event.sequence());
            arrived.countDown();
          });
      List<Future<?>> futures = new ArrayList<>();
      for (int thread = 0; thread < threads; thread++) {
        futures.add(
            publishers.submit(
                () -> {
                  for (int i = 0; i < perThread; i++) {
                    hub.removed("host", key(i), 0);
                  }
                }));
      }
      for (Future<?> future : futures) {
        future.get();
      }
      assertThat(arrived.await(30, TimeUnit.SECONDS)).isTrue();
    }

    assertThat(sequences)
        .isEqualTo(LongStream.range(0, (long) threads * perThread).boxed().toList());
  }

  @Test
  void settingsOutOfRangeAreRefused() {
    assertThatExceptionOfType(ConfigurationException.class)
        .isThrownBy(() -> new EventHubConfig(EventFilter.ALL, 0, 1, 1))
        .withMessageContaining("maxBatchSize is 0");
  }

  private EventHub hub(EventHubConfig config) {
    return new EventHub(config, deadlines, Runnable::run);
  }

  private static BlockKey key(long number) {
    return BlockKey.derived(number);
  }

  private static String tierName(int tier) {
    return tier == 0 ? "device" : "host";
  }

  private static final class LossLog implements LossAwareEventSink {
    private final List<String> log = new ArrayList<>();

    @Override
    public void publish(BlockEvent event) {
      log.add(Long.toString(event.sequence()));
    }

    @Override
    public void lost(long firstSequence, long count) {
      log.add("lost " + firstSequence + "+" + count);
    }
  }
}
