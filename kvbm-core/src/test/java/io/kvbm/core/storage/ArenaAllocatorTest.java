package io.kvbm.core.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.CapacityException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.storage.AllocationRequest;
import io.kvbm.api.storage.Storage;
import io.kvbm.testkit.HostStorage;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ArenaAllocatorTest {

  private static final long PAGE = 4096;
  private static final int PAGES = 16;

  private final Storage whole = new HostStorage(PAGES * PAGE);
  private final ArenaAllocator arena = new ArenaAllocator(whole, PAGE);

  @AfterEach
  void close() {
    whole.close();
  }

  @ParameterizedTest
  @ValueSource(longs = {0, -4096, 3, 4095, 6000, PAGES * PAGE * 2})
  void case36_aPageThatIsNoPowerOfTwoOrTooLargeIsRefused(long pageByteSize) {
    assertThatThrownBy(() -> new ArenaAllocator(whole, pageByteSize))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining(String.valueOf(pageByteSize));
  }

  @Test
  void case36_theArenaFillsExactlyAndOneMoreFails() {
    List<Storage> parts = new ArrayList<>();
    for (int i = 0; i < PAGES; i++) {
      parts.add(arena.allocate(PAGE));
    }
    assertThat(arena.freeByteSize()).isZero();
    assertFull(1);
    parts.forEach(Storage::close);
    try (Storage all = arena.allocate(PAGES * PAGE)) {
      assertThat(all.byteSize()).isEqualTo(PAGES * PAGE);
      assertFull(1);
    }
  }

  @Test
  void case36_freedPagesAreAllocatedAgainAndNeighboursJoined() {
    Storage[] parts = new Storage[4];
    for (int i = 0; i < parts.length; i++) {
      parts[i] = arena.allocate(PAGES / 4 * PAGE);
    }
    parts[0].close();
    parts[2].close();
    assertFull(PAGES / 4 * PAGE + 1);
    parts[1].close();
    try (SubStorage joined = arena.allocate(PAGES / 4 * 3 * PAGE)) {
      assertThat(joined.offset()).isZero();
      parts[3].close();
    }
    assertThat(arena.freeByteSize()).isEqualTo(PAGES * PAGE);
    arena.allocate(PAGES * PAGE).close();
  }

  @Test
  void case36_oneByteTakesAPage() {
    try (SubStorage one = arena.allocate(1);
        SubStorage other = arena.allocate(1)) {
      assertThat(one.byteSize()).isEqualTo(1);
      assertThat(other.offset() - one.offset()).isEqualTo(PAGE);
      assertThat(arena.freeByteSize()).isEqualTo((PAGES - 2) * PAGE);
    }
  }

  @Test
  void case36_twiceAPageMoreThanHalfIsTooMuch() {
    long half = PAGES / 2 * PAGE;
    try (SubStorage part = arena.allocate(half + 1)) {
      assertThat(part.offset()).isZero();
      assertFull(half + 1);
      arena.allocate(half - PAGE).close();
    }
    arena.allocate(half + 1).close();
  }

  @Test
  void partsAreZeroAndNeverOverlap() {
    long seed = 36;
    Random random = new Random(seed);
    List<SubStorage> live = new ArrayList<>();
    for (int round = 0; round < 2000; round++) {
      if (random.nextBoolean() && !live.isEmpty()) {
        live.remove(random.nextInt(live.size())).close();
        continue;
      }
      AllocationRequest request =
          new AllocationRequest(1 + random.nextInt(4 * (int) PAGE), 1L << random.nextInt(15));
      arena
          .tryAllocate(request)
          .map(SubStorage.class::cast)
          .ifPresent(
              part -> {
                assertThat(part.address() % request.alignment())
                    .as("address of %s for %s, seed %d", part, request, seed)
                    .isZero();
                assertThat(part.view().toArray(ValueLayout.JAVA_BYTE)).containsOnly(0);
                part.memset(255, 0, part.byteSize());
                for (SubStorage other : live) {
                  assertThat(
                          part.offset() + part.byteSize() <= other.offset()
                              || other.offset() + other.byteSize() <= part.offset())
                      .as("%s beside %s, seed %d", part, other, seed)
                      .isTrue();
                }
                live.add(part);
              });
    }
    live.forEach(Storage::close);
    assertThat(arena.freeByteSize()).as("seed %d", seed).isEqualTo(PAGES * PAGE);
  }

  @Test
  void threadsAllocateAndCloseSideBySide() throws Exception {
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      List<Future<?>> ends = new ArrayList<>();
      for (int thread = 0; thread < 4; thread++) {
        byte mark = (byte) (thread + 1);
        ends.add(threads.submit(() -> markPages(mark)));
      }
      for (Future<?> end : ends) {
        end.get();
      }
    }
    assertThat(arena.freeByteSize()).isEqualTo(PAGES * PAGE);
  }

  private void markPages(byte mark) {
    for (int i = 0; i < 500; i++) {
      try (Storage part = arena.allocate(2 * PAGE)) {
        part.memset(mark, 0, part.byteSize());
        assertThat(part.view().toArray(ValueLayout.JAVA_BYTE)).containsOnly(mark);
      }
    }
  }

  @Test
  void theWholeIsFreedAfterItsLastPart() {
    SubStorage part = arena.allocate(PAGE);
    whole.close();
    assertThatThrownBy(() -> arena.allocate(PAGE)).isInstanceOf(ClosedException.class);
    assertThat(part.region().byteSize()).as("the part leases the whole").isEqualTo(PAGE);
    part.close();
    assertThatThrownBy(part::region).isInstanceOf(ClosedException.class);
    assertThat(arena.freeByteSize()).isEqualTo(PAGES * PAGE);
  }

  @Test
  void anAlignmentTheStorageCannotGiveIsACapacityError() {
    assertThatThrownBy(() -> arena.allocate(new AllocationRequest(PAGE, 1L << 40)))
        .isInstanceOf(CapacityException.class)
        .hasMessageContaining("aligned to");
  }

  @Test
  void theKindIsTheStoragesOwn() {
    assertThat(arena.storageKind()).isEqualTo("system");
    assertThat(arena.pageByteSize()).isEqualTo(PAGE);
  }

  private void assertFull(long byteSize) {
    long before = arena.freeByteSize();
    assertThatThrownBy(() -> arena.allocate(byteSize))
        .isInstanceOfSatisfying(
            CapacityException.class,
            e -> {
              assertThat(e.code()).isEqualTo(ErrorCode.ALLOCATION_FAILED);
              assertThat(e.requested()).isEqualTo(byteSize);
              assertThat(e.available()).isLessThan(byteSize);
            });
    assertThat(arena.freeByteSize()).isEqualTo(before);
  }
}
