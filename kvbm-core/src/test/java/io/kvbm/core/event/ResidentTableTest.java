package io.kvbm.core.event;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.block.BlockKey;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ResidentTableTest {

  @Test
  void it_holds_what_a_map_would_hold() {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    ResidentTable table = new ResidentTable();
    Map<BlockKey, Optional<BlockKey>> model = new HashMap<>();
    for (int step = 0; step < 200_000; step++) {
      // The share of arrivals swings, so that the table fills, empties and fills again.
      boolean arrives = random.nextInt(100) < (step / 5_000 % 2 == 0 ? 65 : 35);
      BlockKey key = key(random.nextInt(1_500));
      if (arrives) {
        BlockKey parent = random.nextInt(4) == 0 ? null : key(random.nextInt(1_500));
        Optional<BlockKey> written =
            Optional.ofNullable(parent).filter(given -> !given.equals(key));
        assertThat(table.add(key, parent)).isEqualTo(model.putIfAbsent(key, written) == null);
      } else {
        assertThat(table.remove(key)).isEqualTo(model.remove(key) != null);
      }
      if (step % 20_000 == 19_999) {
        assertSame(table, model, seed);
      }
    }
    table.clear();
    model.clear();
    assertThat(table.add(key(1), null)).isTrue();
    model.put(key(1), Optional.empty());
    assertSame(table, model, seed);
  }

  private static void assertSame(
      ResidentTable table, Map<BlockKey, Optional<BlockKey>> model, long seed) {
    Map<BlockKey, Optional<BlockKey>> read = new HashMap<>();
    ResidentTable.read(table.image())
        .forEach(block -> read.put(block.key(), Optional.ofNullable(block.parent())));
    assertThat(read).as("seed %d", seed).isEqualTo(model);
    assertThat(table.size()).isEqualTo(model.size());
  }

  /** Keys that differ in one half only, so that a search must look at both. */
  private static BlockKey key(int n) {
    return n % 2 == 0 ? new BlockKey(7, n) : new BlockKey(n, 7);
  }
}
