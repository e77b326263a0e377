package io.kvbm.core.offload;

import static io.kvbm.core.offload.OffloadTiers.key;
import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.block.WeakBlock;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class BatchPickerTest {

  private record Fake(BlockKey key, int blockId) implements WeakBlock {
    @Override
    public Optional<ImmutableBlock> upgrade() {
      return Optional.empty();
    }
  }

  private final TreeSet<QueueEntry> queue = new TreeSet<>(QueueEntry.ORDER);
  private long sequence;

  private void add(long n, long parent, int blockId, long priority) {
    BlockKey parentKey = parent < 0 ? null : key(parent);
    Candidate candidate = new Candidate(key(n), parentKey, new Fake(key(n), blockId), priority);
    queue.add(new QueueEntry(candidate, sequence++, 0));
  }

  private List<Long> picked(int max) {
    return BatchPicker.pick(queue, max).stream().map(entry -> entry.key.lo()).toList();
  }

  @Test
  void aChainComesTogetherWithItsParentsFirst() {
    add(3, 2, 40, 0);
    add(90, -1, 7, 0);
    add(91, -1, 17, 0);
    add(1, 0, 60, 0);
    add(2, 1, 10, 0);
    add(92, -1, 27, 0);
    assertThat(picked(3)).containsExactly(1L, 2L, 3L);
  }

  @Test
  void neighbouringSlotsComeTogetherInTheirOrder() {
    add(1, -1, 12, 0);
    add(2, -1, 50, 0);
    add(3, -1, 10, 0);
    add(4, -1, 70, 0);
    add(5, -1, 11, 0);
    assertThat(picked(3)).containsExactly(3L, 5L, 1L);
  }

  @Test
  void neighboursOfAnotherPriorityWaitTheirTurn() {
    add(1, -1, 10, 5);
    add(2, 1, 11, 0);
    add(3, -1, 99, 5);
    add(4, -1, 50, 0);
    assertThat(picked(2)).containsExactly(1L, 3L);
  }

  @Test
  void higherPrioritiesComeFirstWithinABatch() {
    add(1, -1, 30, 0);
    add(2, 3, 20, 5);
    add(3, -1, 10, 0);
    assertThat(picked(8)).containsExactly(2L, 3L, 1L);
  }

  @Test
  void whatWasQueuedMuchLaterIsNotBroughtForward() {
    add(1, -1, 10, 0);
    for (int i = 0; i < 7; i++) {
      add(100 + i, -1, 100 + 2 * i, 0);
    }
    add(2, -1, 11, 0); // behind four batches of two
    assertThat(picked(2)).containsExactly(1L, 100L);
  }

  @Test
  void keysThatNameEachOtherAsParentsAreAllPicked() {
    add(1, 2, 10, 0);
    add(2, 1, 11, 0);
    add(3, 3, 12, 0);
    assertThat(picked(8)).containsExactlyInAnyOrder(1L, 2L, 3L);
  }

  @Test
  void siblingsFollowTheirParent() {
    add(3, 1, 12, 0);
    add(2, 1, 11, 0);
    add(1, -1, 50, 0);
    add(4, 2, 13, 0);
    List<Long> order = picked(8);
    assertThat(order).startsWith(1L).containsExactlyInAnyOrder(1L, 2L, 3L, 4L);
    assertThat(order.indexOf(4L)).isGreaterThan(order.indexOf(2L));
  }
}
