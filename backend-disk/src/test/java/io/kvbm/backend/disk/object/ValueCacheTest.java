package io.kvbm.backend.disk.object;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.metrics.MetricsSink;
import io.kvbm.api.spi.MemoryBudget;
import io.kvbm.testkit.BytePatterns;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class ValueCacheTest {

  private static final int MEBIBYTE = 1 << 20;

  private final StoreCounters counters = new StoreCounters(MetricsSink.NULL);

  private static MemorySegment value(long version) {
    int byteSize = (int) (1 + (version * 7919) % 20_000);
    return BytePatterns.heap(byteSize, version);
  }

  @Test
  void rangesOfValuesAreWhatWasKept() {
    try (ValueCache cache = new ValueCache(MEBIBYTE, MemoryBudget.UNLIMITED, counters)) {
      SplittableRandom random = new SplittableRandom(1);
      List<MemorySegment> kept = new ArrayList<>();
      for (int version = 0; version < 30; version++) {
        kept.add(value(version));
        cache.keep(version, kept.get(version));
      }
      for (int version = 0; version < 30; version += 2) {
        cache.drop(version); // leaves gaps, which the following fill
      }
      for (int version = 30; version < 45; version++) {
        kept.add(value(version));
        cache.keep(version, kept.get(version));
      }
      int found = 0;
      for (int i = 0; i < 2_000; i++) {
        int version = random.nextInt(kept.size());
        MemorySegment whole = kept.get(version);
        long offset = random.nextLong(whole.byteSize());
        long count = random.nextLong(whole.byteSize() - offset + 1);
        MemorySegment target = MemorySegment.ofArray(new byte[(int) count]);
        if (cache.tryRead(version, offset, target)) {
          found++;
          assertThat(target.mismatch(whole.asSlice(offset, count))).isEqualTo(-1);
        }
      }
      assertThat(found).isGreaterThan(1_000);
    }
  }

  @Test
  void takesNoMoreThanItsSizeAndGivesAllBack() {
    CountedBudget budget = new CountedBudget(Long.MAX_VALUE);
    try (ValueCache cache = new ValueCache(5L * MEBIBYTE, budget, counters)) {
      for (int version = 0; version < 5_000; version++) {
        cache.keep(version, value(version));
      }
      assertThat(budget.taken()).isLessThanOrEqualTo(5L * MEBIBYTE);
      assertThat(cache.usedByteSize()).isBetween(4L * MEBIBYTE, 5L * MEBIBYTE);
    }
    assertThat(budget.taken()).isZero();
  }

  @Test
  void keepsWhatTheBudgetHasRoomFor() {
    CountedBudget budget = new CountedBudget(2L * MEBIBYTE);
    try (ValueCache cache = new ValueCache(8L * MEBIBYTE, budget, counters)) {
      for (int version = 0; version < 1_000; version++) {
        cache.keep(version, value(version));
      }
      assertThat(cache.usedByteSize()).isBetween(1L, 2L * MEBIBYTE + 100_000);
    }
    assertThat(budget.taken()).isZero();
  }

  @Test
  void threadsThatPushEachOthersValuesOutReadNoWrongByte() {
    try (ValueCache cache = new ValueCache(MEBIBYTE, MemoryBudget.UNLIMITED, counters)) {
      List<CompletableFuture<Void>> threads = new ArrayList<>();
      for (int thread = 0; thread < 4; thread++) {
        SplittableRandom random = new SplittableRandom(thread);
        threads.add(
            CompletableFuture.runAsync(
                () -> {
                  for (int i = 0; i < 20_000; i++) {
                    long version = random.nextInt(200);
                    MemorySegment expected = value(version);
                    MemorySegment target =
                        MemorySegment.ofArray(new byte[(int) expected.byteSize()]);
                    if (cache.tryRead(version, 0, target)) {
                      assertThat(target.mismatch(expected)).isEqualTo(-1);
                    } else if (random.nextInt(10) == 0) {
                      cache.drop(version);
                    } else {
                      cache.keep(version, expected);
                    }
                  }
                },
                command -> Thread.ofPlatform().start(command)));
      }
      threads.forEach(CompletableFuture::join);
      assertThat(counters.cacheHits.sum()).isPositive();
      assertThat(cache.usedByteSize()).isLessThanOrEqualTo(MEBIBYTE);
    }
  }
}
