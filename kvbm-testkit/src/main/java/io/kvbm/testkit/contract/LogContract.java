package io.kvbm.testkit.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.kvbm.api.ErrorCode;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.store.Durability;
import io.kvbm.api.store.Log;
import io.kvbm.api.store.LogFactory;
import io.kvbm.testkit.BytePatterns;
import io.kvbm.testkit.Feature;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The contract of {@link LogFactory} and {@link Log}, for the backend's first factory. */
public abstract class LogContract extends BackendContract {

  private final Arena arena = Arena.ofShared();
  private LogFactory factory;
  private String location;
  private Log log;

  /** Creates the contract; called by JUnit. */
  protected LogContract() {}

  @BeforeEach
  final void openLog() {
    factory = offered(Feature.LOG, Backend::logs).getFirst();
    location = openHarness().location("log");
    log = factory.open(location);
  }

  @AfterEach
  final void closeLog() {
    if (log != null) {
      log.close();
    }
    arena.close();
  }

  private void reopen() {
    log.close();
    log = factory.open(location);
  }

  /** Appends a record whose pattern is its seed, and waits for its number. */
  private long append(int byteSize, long seed, Durability durability) throws Exception {
    return log.append(BytePatterns.allocate(arena, byteSize, seed), durability)
        .toCompletableFuture()
        .get(openHarness().deadline().toNanos(), TimeUnit.NANOSECONDS);
  }

  private List<Long> replay(long from) {
    List<Long> numbers = new ArrayList<>();
    long behind =
        log.replay(
            from,
            (sequence, record) -> {
              numbers.add(sequence);
              return true;
            });
    if (!numbers.isEmpty()) {
      assertThat(behind).isEqualTo(numbers.getLast() + 1);
    }
    return numbers;
  }

  @ParameterizedTest
  @EnumSource
  void recordsComeBackInOrderWithRisingNumbersFromOne(Durability durability) throws Exception {
    int[] lengths = {0, 1, 7, 8, 100, 4096, 4097, 70_000};
    for (int i = 0; i < lengths.length; i++) {
      assertThat(log.nextSequence()).isEqualTo(i + 1);
      assertThat(append(lengths[i], i, durability)).isEqualTo(i + 1);
    }
    List<Long> numbers = new ArrayList<>();
    long behind =
        log.replay(
            1,
            (sequence, record) -> {
              int i = (int) sequence - 1;
              numbers.add(sequence);
              assertThat(record.byteSize()).isEqualTo(lengths[i]);
              assertThat(record.isReadOnly()).isTrue();
              BytePatterns.verify(record, i, "record " + sequence);
              return true;
            });
    assertThat(numbers).containsExactly(1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L);
    assertThat(behind).isEqualTo(9);
    assertThat(log.firstSequence()).isEqualTo(1);
  }

  @Test
  void anEmptyLogHasNoRecord() {
    assertThat(log.nextSequence()).isEqualTo(1);
    assertThat(log.firstSequence()).isEqualTo(log.nextSequence());
    assertThat(replay(1)).isEmpty();
    log.sync();
  }

  @Test
  void recordsAreCopiedBeforeAppendReturns() throws Exception {
    MemorySegment record = BytePatterns.allocate(arena, 500, 1);
    var appended = log.append(record, Durability.WRITTEN);
    record.fill((byte) 0);
    appended.toCompletableFuture().get(openHarness().deadline().toNanos(), TimeUnit.NANOSECONDS);
    log.replay(
        1,
        (_, bytes) -> {
          BytePatterns.verify(bytes, 1, "record");
          return true;
        });
    assertThat(replay(1)).containsExactly(1L);
  }

  @Test
  void theLongestRecordFitsAndALongerOneIsRefused() throws Exception {
    long longest = Math.min(log.maxRecordByteSize(), scaled(8 << 20, 1 << 16));
    assertThat(longest).isPositive();
    assertThat(append((int) longest, 1, Durability.WRITTEN)).isEqualTo(1);
    log.replay(
        1,
        (_, record) -> {
          assertThat(record.byteSize()).isEqualTo(longest);
          BytePatterns.verify(record, 1, "longest record");
          return true;
        });
    if (log.maxRecordByteSize() < 64 << 20) {
      MemorySegment tooLong = arena.allocate(log.maxRecordByteSize() + 1);
      assertRefused(ErrorCode.INVALID_ARGUMENT, () -> log.append(tooLong, Durability.NONE));
    }
    assertThat(log.nextSequence()).isEqualTo(2);
    assertThat(replay(1)).containsExactly(1L);
  }

  @Test
  void replayStartsWhereAskedAndStopsWhenTold() throws Exception {
    for (int i = 1; i <= 10; i++) {
      append(20, i, Durability.NONE);
    }
    assertThat(replay(4)).containsExactly(4L, 5L, 6L, 7L, 8L, 9L, 10L);
    assertThat(replay(10)).containsExactly(10L);
    assertThat(replay(11)).isEmpty();
    assertThat(replay(0)).hasSize(10);
    List<Long> some = new ArrayList<>();
    long behind =
        log.replay(
            2,
            (sequence, _) -> {
              some.add(sequence);
              return sequence < 5;
            });
    assertThat(some).containsExactly(2L, 3L, 4L, 5L);
    assertThat(behind).isEqualTo(6);
  }

  @Test
  void truncationKeepsWhatIsAtOrBehindTheNumber() throws Exception {
    for (int i = 1; i <= 10; i++) {
      append(1000, i, Durability.WRITTEN);
    }
    log.truncateBefore(6);
    assertThat(log.firstSequence()).isBetween(1L, 6L);
    assertThat(replay(6)).containsExactly(6L, 7L, 8L, 9L, 10L);
    List<Long> fromTheStart = replay(1);
    assertThat(fromTheStart).contains(6L, 10L).isSorted().doesNotHaveDuplicates();
    assertThat(fromTheStart.getFirst()).isEqualTo(log.firstSequence());
    assertThat(append(10, 11, Durability.WRITTEN)).isEqualTo(11);
    log.truncateBefore(1);
    assertThat(replay(6)).hasSize(6);
  }

  @Test
  void truncationBehindTheEndKeepsTheNumbersRising() throws Exception {
    append(10, 1, Durability.WRITTEN);
    append(10, 2, Durability.WRITTEN);
    log.truncateBefore(3);
    assertThat(log.nextSequence()).isEqualTo(3);
    assertThat(append(10, 3, Durability.WRITTEN)).isEqualTo(3);
    assertThat(replay(3)).containsExactly(3L);
  }

  @Test
  void whatWasAcknowledgedIsThereAfterReopening() throws Exception {
    for (int i = 1; i <= 5; i++) {
      append(300, i, Durability.SYNCED);
    }
    reopen();
    assertThat(log.nextSequence()).isEqualTo(6);
    log.replay(
        1,
        (sequence, record) -> {
          assertThat(record.byteSize()).isEqualTo(300);
          BytePatterns.verify(record, sequence, "record " + sequence);
          return true;
        });
    assertThat(replay(1)).containsExactly(1L, 2L, 3L, 4L, 5L);
    log.truncateBefore(4);
    reopen();
    assertThat(replay(4)).containsExactly(4L, 5L);
    assertThat(append(1, 6, Durability.SYNCED)).isEqualTo(6);
  }

  @Test
  void locationsAreApart() throws Exception {
    append(10, 1, Durability.WRITTEN);
    try (Log other = factory.open(openHarness().location("other-log"))) {
      assertThat(other.nextSequence()).isEqualTo(1);
      assertThat(other.replay(1, (_, _) -> true)).isLessThanOrEqualTo(1);
    }
  }

  @Test
  void closedLogsRefuse() {
    log.close();
    log.close();
    MemorySegment record = arena.allocate(1);
    assertRefused(ErrorCode.CLOSED, () -> log.append(record, Durability.NONE));
    assertRefused(ErrorCode.CLOSED, () -> log.replay(1, (_, _) -> true));
    assertRefused(ErrorCode.CLOSED, () -> log.truncateBefore(1));
    assertRefused(ErrorCode.CLOSED, log::sync);
  }

  @Test
  void aReaderThatThrowsDoesNotHarmTheLog() throws Exception {
    append(10, 1, Durability.WRITTEN);
    assertThat(
            catchThrowable(
                () ->
                    log.replay(
                        1,
                        (_, _) -> {
                          throw new ArithmeticException("the reader's own");
                        })))
        .isInstanceOf(ArithmeticException.class);
    assertThat(replay(1)).containsExactly(1L);
  }

  @Test
  @SuppressWarnings("EnumOrdinal") // each in turn
  void appendersSideBySideGetEachNumberOnce() throws Exception {
    Map<Long, Long> seeds = new ConcurrentHashMap<>();
    Concurrently.run(
        thread -> {
          long former = 0;
          for (int i = 0; i < 50; i++) {
            long seed = thread * 1000L + i;
            Durability durability = Durability.values()[i % 3];
            long sequence =
                log.append(BytePatterns.heap(1 + (int) (seed % 700), seed), durability)
                    .toCompletableFuture()
                    .get(openHarness().deadline().toNanos(), TimeUnit.NANOSECONDS);
            assertThat(sequence).as("numbers one thread gets rise").isGreaterThan(former);
            assertThat(seeds.put(sequence, seed)).as("number %d given once", sequence).isNull();
            former = sequence;
          }
        });
    Set<Long> replayed = new HashSet<>();
    log.replay(
        1,
        (sequence, record) -> {
          long seed =
              Objects.requireNonNull(
                  seeds.get(sequence), () -> "number " + sequence + " was never given");
          assertThat(record.byteSize()).isEqualTo(1 + seed % 700);
          BytePatterns.verify(record, seed, "record " + sequence);
          replayed.add(sequence);
          return true;
        });
    assertThat(replayed).hasSize(50 * Concurrently.THREADS).isEqualTo(seeds.keySet());
    assertThat(log.nextSequence()).isEqualTo(50 * Concurrently.THREADS + 1);
  }

  @Test
  void randomOperationsGiveWhatAMapGives() throws Exception {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    TreeMap<Long, Integer> model = new TreeMap<>(); // number -> byte size; the seed is the number
    long next = 1;
    for (int step = 0; step < scaled(200, 40); step++) {
      switch (random.nextInt(5)) {
        case 0 -> {
          long before = next - random.nextInt(10);
          log.truncateBefore(before);
          model.headMap(before, false).clear();
        }
        case 1 -> reopen();
        default -> {
          int byteSize = random.nextInt(3000);
          assertThat(append(byteSize, next, Durability.SYNCED)).isEqualTo(next);
          model.put(next++, byteSize);
        }
      }
      TreeMap<Long, Integer> replayed = new TreeMap<>();
      log.replay(
          model.isEmpty() ? next : model.firstKey(),
          (sequence, record) -> {
            BytePatterns.verify(record, sequence, "record %d, seed %d".formatted(sequence, seed));
            replayed.put(sequence, (int) record.byteSize());
            return true;
          });
      assertThat(replayed).as("replay after step %d, seed %d", step, seed).isEqualTo(model);
    }
  }
}
