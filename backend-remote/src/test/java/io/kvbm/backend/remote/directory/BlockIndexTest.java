package io.kvbm.backend.remote.directory;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.block.BlockKey;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BlockIndexTest {

  @Test
  void theIndexSaysWhatAMapOfSetsSays() {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    int members = 130;
    BlockIndex index = new BlockIndex(members, Long.MAX_VALUE);
    Map<BlockKey, BitSet> model = new HashMap<>();
    for (int step = 0; step < 200_000; step++) {
      BlockKey key = new BlockKey(random.nextInt(40), random.nextInt(60));
      int member = random.nextInt(members);
      int what = random.nextInt(2000);
      if (what == 0) {
        index.removeMember(member);
        model.values().forEach(set -> set.clear(member));
      } else if (what < 1100) {
        boolean added = index.add(member, key.hi(), key.lo()) == BlockIndex.Added.NEW;
        BitSet set = model.computeIfAbsent(key, k -> new BitSet());
        assertThat(added).isNotEqualTo(set.get(member));
        set.set(member);
      } else {
        BitSet set = model.computeIfAbsent(key, k -> new BitSet());
        assertThat(index.remove(member, key.hi(), key.lo())).isEqualTo(set.get(member));
        set.clear(member);
      }
    }
    long[] bits = index.newBits();
    model.forEach(
        (key, set) -> {
          assertThat(index.members(key.hi(), key.lo(), bits)).isEqualTo(!set.isEmpty());
          assertThat(BitSet.valueOf(bits)).as("%s", key).isEqualTo(set);
        });
    assertThat(index.entries())
        .isEqualTo(model.values().stream().mapToLong(BitSet::cardinality).sum());
    IntStream.range(0, members)
        .forEach(
            member ->
                assertThat(index.entries(member))
                    .isEqualTo(model.values().stream().filter(s -> s.get(member)).count()));
  }

  @Test
  void runsEndAtTheFirstGapAndComeShortestFirst() {
    BlockIndex index = new BlockIndex(70, 1000);
    List<BlockKey> keys = IntStream.range(0, 10).mapToObj(BlockKey::derived).toList();
    give(index, 3, keys, 0, 10);
    give(index, 69, keys, 2, 5);
    give(index, 69, keys, 6, 10);
    give(index, 5, keys, 3, 10);
    List<String> runs = new ArrayList<>();
    index.runs(keys, 2, (member, blocks) -> runs.add(member + ":" + blocks));
    assertThat(runs).containsExactly("69:3", "3:8");
    runs.clear();
    index.runs(keys, 10, (member, blocks) -> runs.add(member + ":" + blocks));
    assertThat(runs).isEmpty();
  }

  @Test
  void aFullIndexTakesWhatItHasAndLeavesOutTheRest() {
    BlockIndex index = new BlockIndex(2, 1);
    assertThat(index.add(0, 0, 0)).isEqualTo(BlockIndex.Added.NEW);
    assertThat(index.add(0, 0, 0)).isEqualTo(BlockIndex.Added.PRESENT);
    assertThat(index.add(1, 0, 0)).isEqualTo(BlockIndex.Added.FULL);
    index.removeMember(0);
    assertThat(index.add(1, 0, 0)).isEqualTo(BlockIndex.Added.NEW);
  }

  @Test
  void readersBesideTheWriterNeverMissWhatIsThereAllTheTime() throws InterruptedException {
    BlockIndex index = new BlockIndex(80, Long.MAX_VALUE);
    int stable = 500;
    for (int i = 0; i < stable; i++) {
      BlockKey key = BlockKey.derived(i);
      index.add(1, key.hi(), key.lo());
      index.add(77, key.hi(), key.lo());
    }
    AtomicBoolean stop = new AtomicBoolean();
    AtomicReference<String> wrong = new AtomicReference<>();
    List<Thread> readers = new ArrayList<>();
    for (int r = 0; r < 3; r++) {
      int start = r;
      readers.add(
          Thread.ofPlatform()
              .start(
                  () -> {
                    long[] bits = index.newBits();
                    for (int i = start; !stop.get(); i++) {
                      BlockKey key = BlockKey.derived(i % stable);
                      boolean found = index.members(key.hi(), key.lo(), bits);
                      if (!found || (bits[0] & 2) == 0 || (bits[1] & 1L << 13) == 0) {
                        wrong.set("block " + i % stable + ": " + BitSet.valueOf(bits));
                      }
                    }
                  }));
    }
    for (int round = 0; round < 4; round++) {
      for (int i = 0; i < 50_000; i++) {
        BlockKey key = BlockKey.derived(i);
        index.add(2 + round, key.hi(), key.lo());
      }
      index.removeMember(2 + round);
    }
    stop.set(true);
    for (Thread reader : readers) {
      reader.join();
    }
    assertThat(wrong.get()).isNull();
    assertThat(index.entries()).isEqualTo(2L * stable);
  }

  private static void give(BlockIndex index, int member, List<BlockKey> keys, int from, int to) {
    keys.subList(from, to).forEach(key -> index.add(member, key.hi(), key.lo()));
  }
}
