package io.kvbm.core.objects;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.ErrorCode;
import io.kvbm.api.TransientException;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.store.BlockStoreFactory;
import io.kvbm.api.store.ObjectStat;
import io.kvbm.api.store.ObjectStore;
import io.kvbm.testkit.TestContext;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The list of names, made by hand: the executor keeps what it is given until it is told. */
class KnownBlocksTest {

  private static final Duration INTERVAL = Duration.ofNanos(KnownBlocks.INTERVAL_NANOS);

  private final TestContext context = new TestContext();
  private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
  private final TreeSet<String> names = new TreeSet<>();
  private boolean failing;
  private boolean over;
  private int lists;
  private Duration took = Duration.ZERO;

  @AfterEach
  void close() {
    context.close();
  }

  private static BlockKey key(long number) {
    return BlockKey.derived(number);
  }

  private void put(long... numbers) {
    LongStream.of(numbers).forEach(number -> names.add(BlockObjects.name(key(number))));
  }

  private KnownBlocks known(int most) {
    ObjectStore service =
        (ObjectStore)
            Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {ObjectStore.class},
                (_, method, arguments) -> {
                  assertThat(method.getName()).isEqualTo("list");
                  return list((String) arguments[1], (int) arguments[2]);
                });
    return new KnownBlocks(
        new BlockObjects(service, new BlockStoreFactory.Spec(1, 1, 1), 1),
        new BoundedWork(tasks::add, 2),
        context.clock(),
        most,
        () -> over);
  }

  private List<ObjectStat> list(String after, int limit) {
    lists++;
    context.manualClock().advance(took);
    if (failing) {
      throw new TransientException(ErrorCode.DISCONNECTED, "the service is away");
    }
    return names.tailSet(after, false).stream()
        .limit(limit)
        .map(name -> new ObjectStat(name, 1, 1))
        .toList();
  }

  private void work() {
    while (!tasks.isEmpty()) {
      tasks.poll().run();
    }
  }

  @Test
  void beforeTheFirstListEverythingMayBeThere() {
    put(1);
    KnownBlocks known = known(100);
    assertThat(known.mayHave(key(1))).isTrue();
    assertThat(known.mayHave(key(2))).isTrue();
    assertThat(known.isComplete()).isFalse();
    assertThat(tasks).as("one list for all who ask").hasSize(1);
    work();
    assertThat(known.mayHave(key(1))).isTrue();
    assertThat(known.mayHave(key(2))).isFalse();
    assertThat(tasks).isEmpty();
  }

  @Test
  void anOldListIsMadeAnewByWhoAsksAndServesUntilThen() {
    KnownBlocks known = known(100);
    known.refresh();
    work();
    put(7);
    assertThat(known.mayHave(key(7))).isFalse();
    assertThat(tasks).as("not old yet").isEmpty();
    context.manualClock().advance(INTERVAL);
    assertThat(known.mayHave(key(7))).as("answered at once").isFalse();
    assertThat(known.mayHave(key(7))).isFalse();
    assertThat(tasks).hasSize(1);
    work();
    assertThat(known.mayHave(key(7))).isTrue();
    names.clear();
    context.manualClock().advance(INTERVAL);
    assertThat(known.mayHave(key(7))).isTrue();
    work();
    assertThat(known.mayHave(key(7))).isFalse();
  }

  @Test
  void aListThatTakesLongIsMadeSeldom() {
    took = Duration.ofSeconds(3);
    KnownBlocks known = known(100);
    known.refresh();
    work();
    context.manualClock().advance(Duration.ofSeconds(29));
    assertThat(known.mayHave(key(1))).isFalse();
    assertThat(tasks).isEmpty();
    context.manualClock().advance(Duration.ofSeconds(1));
    assertThat(known.mayHave(key(1))).isFalse();
    assertThat(tasks).hasSize(1);
  }

  @Test
  void namesComePageByPageAndForeignOnesAreNotCounted() {
    names.add("a/note");
    put(LongStream.range(0, 2500).toArray());
    KnownBlocks known = known(2500);
    known.refresh();
    work();
    assertThat(lists).isEqualTo(3);
    for (int i = 0; i < 2500; i++) {
      assertThat(known.mayHave(key(i))).isTrue();
    }
    assertThat(known.mayHave(key(2500))).isFalse();
  }

  @Test
  void ofMoreThanIsToBeKeptNothingIsKnown() {
    put(LongStream.range(0, 3000).toArray());
    KnownBlocks known = known(1500);
    known.refresh();
    work();
    assertThat(lists).as("it does not go on for nothing").isEqualTo(2);
    assertThat(known.isComplete()).isFalse();
    assertThat(known.mayHave(key(5000))).as("the service has to be asked").isTrue();
  }

  @Test
  void aServiceThatFailsKeepsWhatWasKnownAndIsAskedAgainLater() {
    put(1);
    KnownBlocks known = known(100);
    known.refresh();
    work();
    failing = true;
    context.manualClock().advance(INTERVAL);
    assertThat(known.mayHave(key(1))).isTrue();
    work();
    assertThat(known.mayHave(key(1))).isTrue();
    assertThat(known.mayHave(key(2))).isFalse();
    assertThat(tasks).isEmpty();
    failing = false;
    put(2);
    context.manualClock().advance(INTERVAL);
    assertThat(known.mayHave(key(2))).isFalse();
    work();
    assertThat(known.mayHave(key(2))).isTrue();
  }

  @Test
  void aStoreThatClosesListsNoMore() {
    put(1);
    KnownBlocks known = known(100);
    known.refresh();
    over = true;
    work();
    assertThat(lists).isZero();
    assertThat(known.isComplete()).isFalse();
  }
}
