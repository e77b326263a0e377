package io.kvbm.cli.replay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.kvbm.cli.replay.Faults.Fate;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class FaultsTest {

  @Test
  void ofAHundredFaultsFortyEightFailAndFortyEightDamageAndFourStall() {
    try (Faults faults = new Faults(0.5, Faults.FOR_EVER, 4096, 11)) {
      Map<Fate, Integer> drawn = new EnumMap<>(Fate.class);
      for (int i = 0; i < 100_000; i++) {
        drawn.merge(faults.fates(1).getFirst(), 1, Integer::sum);
      }
      assertThat(drawn.get(Fate.GOOD)).isCloseTo(50_000, within(1000));
      assertThat(drawn.get(Fate.FAILS)).isCloseTo(24_000, within(700));
      assertThat(drawn.get(Fate.IS_DAMAGED)).isCloseTo(24_000, within(700));
      assertThat(drawn.get(Fate.STALLS)).isCloseTo(2_000, within(200));
    }
  }

  @Test
  void inABatchThatStallsNothingElseGoesWrong() {
    try (Faults faults = new Faults(1, Faults.FOR_EVER, 4096, 11)) {
      int stalled = 0;
      for (int i = 0; i < 1000; i++) {
        List<Fate> fates = faults.fates(16);
        if (fates.contains(Fate.STALLS)) {
          stalled++;
          assertThat(fates).containsOnly(Fate.STALLS, Fate.GOOD);
        }
      }
      assertThat(stalled).isBetween(300, 700);
    }
  }

  @Test
  void aCopyOfSeveralNeighboursCountsAsSoMany() {
    try (Faults faults = new Faults(1, Faults.FOR_EVER, 4096, 11)) {
      faults.count(Fate.FAILS, 3 * 4096);
      faults.count(Fate.STALLS, 2 * 4096);
      faults.count(Fate.IS_DAMAGED, 5 * 4096);
      faults.count(Fate.GOOD, 4096);
      assertThat(faults.failed()).isEqualTo(3);
      assertThat(faults.stalled()).isEqualTo(2);
      assertThat(faults.damaged()).as("one bit is of one block").isEqualTo(1);
    }
  }

  @Test
  void damageIsOneBit() {
    try (Faults faults = new Faults(1, Faults.FOR_EVER, 4096, 11);
        Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(4096);
      faults.damage(bytes);
      int bits = 0;
      for (byte each : bytes.toArray(ValueLayout.JAVA_BYTE)) {
        bits += Integer.bitCount(each & 0xff);
      }
      assertThat(bits).isEqualTo(1);
    }
  }
}
