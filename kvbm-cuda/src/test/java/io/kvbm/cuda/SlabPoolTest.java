package io.kvbm.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.cuda.SlabPool.Memory;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class SlabPoolTest {

  private static final long SLAB = 1 << 20;

  /** Addresses of no memory, so many bytes at most. */
  private static final class Space implements SlabPool.Source {

    private final long most;
    private final Map<Long, Long> taken = new HashMap<>();
    private long next = 512;

    Space(long most) {
      this.most = most;
    }

    long used() {
      return taken.values().stream().mapToLong(Long::longValue).sum();
    }

    @Override
    public long take(long byteSize) {
      if (used() + byteSize > most) {
        throw new CapacityException(ErrorCode.ALLOCATION_FAILED, "full", byteSize, most - used());
      }
      long address = next;
      next += (byteSize + 1024) / 512 * 512;
      taken.put(address, byteSize);
      return address;
    }

    @Override
    public void giveBack(long address, long byteSize) {
      assertThat(taken.remove(address)).isEqualTo(byteSize);
    }
  }

  private final Space space = new Space(10 * SLAB);
  private final SlabPool pool = new SlabPool(space, SLAB);

  @Test
  void smallMemorySharesASlabAndTheLastEmptyOneIsKept() {
    Memory one = pool.allocate(1000, 256);
    Memory two = pool.allocate(1000, 4096);
    assertThat(space.taken).hasSize(1);
    assertThat(one.address() % 256).isZero();
    assertThat(two.address() % 4096).isZero();
    pool.free(one);
    pool.free(two);
    assertThat(space.used()).isEqualTo(SLAB);
    assertThat(pool.trim()).isTrue();
    assertThat(space.taken).isEmpty();
    assertThat(pool.trim()).isFalse();
  }

  @Test
  void largeMemoryIsHadAlone() {
    Memory large = pool.allocate(SLAB, 512);
    assertThat(space.used()).isEqualTo(SLAB);
    pool.free(large);
    assertThat(space.taken).isEmpty();
  }

  @Test
  void largeMemoryOfALargeAlignmentTakesALittleMore() {
    Memory large = pool.allocate(SLAB, 1 << 16);
    assertThat(large.address() % (1 << 16)).isZero();
    assertThat(space.used()).isBetween(SLAB, SLAB + (1 << 16));
    pool.free(large);
    assertThat(space.taken).isEmpty();
  }

  @Test
  void idleSlabsAreGivenBackBeforeAnybodyIsToldThatThereIsNoMemory() {
    pool.free(pool.allocate(1, 1));
    Memory all = pool.allocate(10 * SLAB, 1);
    assertThatThrownBy(() -> pool.allocate(1, 1)).isInstanceOf(CapacityException.class);
    pool.free(all);
    pool.free(pool.allocate(1, 1));
  }

  @Test
  void whereNoSlabFitsSmallMemoryIsHadAlone() {
    Memory most = pool.allocate(10 * SLAB - 5000, 1);
    Memory rest = pool.allocate(5000, 1);
    assertThat(space.used()).isEqualTo(10 * SLAB);
    pool.free(rest);
    pool.free(most);
    assertThat(space.taken).isEmpty();
  }

  @Test
  void memoryNeverOverlapsAndAllOfItComesBack() {
    long seed = new SplittableRandom().nextLong();
    System.out.println("slab pool, seed " + seed);
    SplittableRandom random = new SplittableRandom(seed);
    List<Memory> held = new ArrayList<>();
    for (int i = 0; i < 5_000; i++) {
      if (held.size() < 40 && random.nextBoolean()) {
        try {
          Memory memory = pool.allocate(1 + random.nextLong(SLAB / 3), 1L << random.nextInt(13));
          for (Memory other : held) {
            assertThat(
                    memory.address() >= other.address() + other.byteSize()
                        || other.address() >= memory.address() + memory.byteSize())
                .isTrue();
          }
          held.add(memory);
        } catch (CapacityException _) {
          assertThat(held).isNotEmpty();
        }
      } else if (!held.isEmpty()) {
        pool.free(held.remove(random.nextInt(held.size())));
      }
    }
    held.forEach(pool::free);
    assertThat(space.used()).isLessThanOrEqualTo(SLAB);
    pool.trim();
    assertThat(space.taken).isEmpty();
  }
}
