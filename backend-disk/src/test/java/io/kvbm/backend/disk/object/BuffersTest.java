package io.kvbm.backend.disk.object;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.kvbm.api.CapacityException;
import io.kvbm.backend.disk.file.IoMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Memory that is lent for an operation. */
class BuffersTest {

  private static final int OFTEN = 200;

  private static void useOften(Buffers buffers, long byteSize) {
    for (int i = 0; i < OFTEN; i++) {
      buffers.borrow(byteSize).close();
    }
  }

  @Test
  void aSizeThatIsSeldomAskedForTakesNoMoreThanItNeeds() {
    CountedBudget budget = new CountedBudget(Long.MAX_VALUE);
    try (Buffers buffers = new Buffers(Arena::ofShared, budget)) {
      buffers.borrow(5000).close();
      buffers.borrow(5000).close();
      assertThat(budget.taken()).isEqualTo(16 << 10);
    }
    assertThat(budget.taken()).isEqualTo(0);
  }

  @Test
  void buffersOfABusySizeShareAHugePage() {
    CountedBudget budget = new CountedBudget(Long.MAX_VALUE);
    try (Buffers buffers = new Buffers(Arena::ofShared, budget)) {
      useOften(buffers, 70 << 10);
      assertThat(budget.taken()).as("taken for one at a time").isEqualTo(IoMemory.HUGE_PAGE);
      List<Buffers.Buffer> lent = new ArrayList<>();
      for (int i = 0; i < 25; i++) {
        lent.add(buffers.borrow(70 << 10));
      }
      assertThat(budget.taken()).as("taken for 25").isEqualTo(IoMemory.HUGE_PAGE);
      for (int i = 0; i < lent.size(); i++) {
        MemorySegment memory = lent.get(i).memory();
        assertThat(memory.byteSize()).isEqualTo(80 << 10);
        assertThat(memory.address() % 4096).isZero();
        for (int j = 0; j < i; j++) {
          assertThat(memory.asOverlappingSlice(lent.get(j).memory())).isEmpty();
        }
      }
      lent.forEach(Buffers.Buffer::close);
    }
    assertThat(budget.taken()).isEqualTo(0);
  }

  @Test
  void whatNobodyUsesMakesRoomInABudget() {
    CountedBudget budget = new CountedBudget(3L << 20);
    try (Buffers buffers = new Buffers(Arena::ofShared, budget)) {
      useOften(buffers, 64 << 10);
      try (Buffers.Buffer large = buffers.borrow(3 << 20)) {
        assertThat(large.memory().byteSize()).isEqualTo(3 << 20);
        assertThatExceptionOfType(CapacityException.class)
            .isThrownBy(() -> buffers.borrow(64 << 10));
      }
      try (Buffers.Buffer _ = buffers.borrow(2 << 20);
          Buffers.Buffer small = buffers.borrow(64 << 10)) {
        assertThat(small.memory().byteSize()).as("without a huge page").isEqualTo(64 << 10);
      }
    }
    assertThat(budget.taken()).isEqualTo(0);
  }

  @Test
  void whatIsGivenBackAfterTheEndIsFreedThen() {
    CountedBudget budget = new CountedBudget(Long.MAX_VALUE);
    Buffers buffers = new Buffers(Arena::ofShared, budget);
    useOften(buffers, 64 << 10);
    Buffers.Buffer lent = buffers.borrow(64 << 10);
    buffers.close();
    lent.memory().fill((byte) 1);
    assertThat(budget.taken()).isEqualTo(IoMemory.HUGE_PAGE);
    lent.close();
    assertThat(budget.taken()).isEqualTo(0);
  }

  @Test
  @Timeout(60)
  void nobodyGetsWhatAnotherHas() throws Exception {
    long seed = System.nanoTime();
    System.out.println("buffers of seed " + seed);
    CountedBudget budget = new CountedBudget(160L << 20);
    try (Buffers buffers = new Buffers(Arena::ofShared, budget);
        ExecutorService threads = Executors.newFixedThreadPool(4)) {
      List<Future<?>> users = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        SplittableRandom random = new SplittableRandom(seed + i);
        byte mark = (byte) (i + 1);
        users.add(threads.submit(() -> useAtRandom(buffers, random, mark)));
      }
      for (Future<?> user : users) {
        user.get();
      }
    }
    assertThat(budget.taken()).isEqualTo(0);
  }

  private static void useAtRandom(Buffers buffers, SplittableRandom random, byte mark) {
    for (int i = 0; i < 1000; i++) {
      int byteSize =
          random.nextInt(10) == 0 ? random.nextInt(1, 24 << 20) : random.nextInt(1, 1 << 18);
      try (Buffers.Buffer buffer = buffers.borrow(byteSize)) {
        MemorySegment memory = buffer.memory();
        assertThat(memory.byteSize()).isGreaterThanOrEqualTo(byteSize);
        memory.fill(mark);
        Thread.onSpinWait();
        for (long at = 0; at < memory.byteSize(); at += 512) {
          assertThat(memory.get(Format.BYTE, at)).isEqualTo(mark);
        }
      }
    }
  }
}
