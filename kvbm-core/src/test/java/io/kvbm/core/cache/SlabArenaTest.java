package io.kvbm.core.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class SlabArenaTest {

  private static final long UNIT = SlabArena.UNIT;

  private static SlabRange take(SlabArena arena, long units) {
    SlabRange range = arena.tryTake(units * UNIT);
    assertThat(range).isNotNull();
    return range;
  }

  @Test
  void theSmallestRunThatHoldsItIsTaken() {
    SlabArena arena = new SlabArena(16 * UNIT);
    SlabRange large = take(arena, 5);
    take(arena, 1);
    SlabRange small = take(arena, 2);
    take(arena, 1);
    arena.giveBack(large);
    arena.giveBack(small);

    assertThat(take(arena, 2).offset).isEqualTo(6 * UNIT);
    assertThat(take(arena, 3).offset).isZero();
    assertThat(take(arena, 7).offset).isEqualTo(9 * UNIT);
    assertThat(arena.tryTake(3 * UNIT)).isNull();
    assertThat(arena.usedByteSize()).isEqualTo(14 * UNIT);
  }

  @Test
  void neighboursAreJoinedOnBothSides() {
    SlabArena arena = new SlabArena(3 * UNIT);
    SlabRange first = take(arena, 1);
    SlabRange second = take(arena, 1);
    SlabRange third = take(arena, 1);
    arena.giveBack(first);
    arena.giveBack(third);
    assertThat(arena.tryTake(2 * UNIT)).isNull();
    assertThat(arena.byteSizeAround(second)).isEqualTo(3 * UNIT);
    arena.giveBack(second);
    assertThat(take(arena, 3).offset).isZero();
  }

  @Test
  void theLongestRunCountsWhatYields() {
    SlabArena arena = new SlabArena(4 * UNIT);
    SlabRange first = take(arena, 1);
    SlabRange second = take(arena, 1);
    assertThat(arena.longestRun(4 * UNIT, _ -> false)).isEqualTo(2 * UNIT);
    assertThat(arena.longestRun(4 * UNIT, range -> range == second)).isEqualTo(3 * UNIT);
    assertThat(arena.longestRun(4 * UNIT, range -> range == first)).isEqualTo(2 * UNIT);
    assertThat(arena.longestRun(4 * UNIT, _ -> true)).isEqualTo(4 * UNIT);
  }

  @Test
  void randomTakesNeverOverlapAndAllComesBack() {
    long seed = 7;
    SplittableRandom random = new SplittableRandom(seed);
    SlabArena arena = new SlabArena(64 * UNIT);
    List<SlabRange> taken = new ArrayList<>();
    boolean[] units = new boolean[64];
    for (int step = 0; step < 5_000; step++) {
      if (random.nextInt(2) == 0 && !taken.isEmpty()) {
        SlabRange range = taken.remove(random.nextInt(taken.size()));
        mark(units, range, true, "seed " + seed + ", step " + step);
        arena.giveBack(range);
      } else {
        SlabRange range = arena.tryTake((1 + random.nextInt(9)) * UNIT);
        if (range != null) {
          mark(units, range, false, "seed " + seed + ", step " + step);
          taken.add(range);
        }
      }
    }
    taken.forEach(arena::giveBack);
    assertThat(arena.usedByteSize()).isZero();
    assertThat(take(arena, 64).offset).isZero();
  }

  private static void mark(boolean[] units, SlabRange range, boolean before, String when) {
    for (long unit = 0; unit < range.byteSize / UNIT; unit++) {
      int at = (int) (range.offset / UNIT + unit);
      assertThat(units[at]).as(when).isEqualTo(before);
      units[at] = !before;
    }
  }
}
