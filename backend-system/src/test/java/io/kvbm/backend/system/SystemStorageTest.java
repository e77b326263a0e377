package io.kvbm.backend.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.kvbm.api.CapacityException;
import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.storage.AllocationRequest;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.storage.StorageType;
import io.kvbm.api.storage.StorageValidation;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SystemStorageTest {

  @ParameterizedTest
  @ValueSource(longs = {1, 4095, 4096, 65_536, (256 << 10) - 1, 256 << 10, 3 << 20})
  void memoryIsZeroAlignedAndOfTheSizeAskedFor(long byteSize) {
    try (SystemStorage storage = new SystemStorage(byteSize)) {
      assertThat(storage.byteSize()).isEqualTo(byteSize);
      assertThat(storage.address() % AllocationRequest.DEFAULT_ALIGNMENT).isZero();
      assertThat(storage.view().byteSize()).isEqualTo(byteSize);
      assertThat(storage.view().get(ValueLayout.JAVA_BYTE, byteSize - 1)).isZero();
      StorageValidation.validate(storage);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {64, 4096, 1 << 16, 2 << 20})
  void honoursLargeAlignments(long alignment) {
    for (long byteSize : new long[] {100, 70_000, 300_000, 5 << 20}) {
      try (Storage storage =
          new SystemAllocator().allocate(new AllocationRequest(byteSize, alignment))) {
        assertThat(storage.address() % alignment).isZero();
        storage.memset(0xFF, 0, byteSize);
      }
    }
  }

  @Test
  void zeroSizeIsRefused() {
    assertThatThrownBy(() -> new SystemStorage(0))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("storage size must be above zero bytes, got 0");
  }

  @ParameterizedTest
  @ValueSource(longs = {1L << 50, Long.MAX_VALUE / 2, Long.MAX_VALUE})
  void moreThanTheMachineHasIsRefusedBeforeItIsTouched(long byteSize) {
    CapacityException refused =
        catchThrowableOfType(CapacityException.class, () -> new SystemStorage(byteSize));
    assertThat(refused.code()).isEqualTo(ErrorCode.ALLOCATION_FAILED);
    assertThat(refused.requested()).isEqualTo(byteSize);
    assertThat(refused.available()).isBetween(0L, MachineMemory.LOCAL.totalByteSize());
    assertThat(refused).hasMessageContaining(byteSize + " bytes").hasMessageNotContaining("\n");
  }

  @Test
  void untouchedMemoryIsCountedToo() {
    long half = MachineMemory.LOCAL.availableByteSize() / 2 + (1 << 20);
    long total = MachineMemory.LOCAL.totalByteSize();
    try (SystemStorage first = new SystemStorage(half)) {
      assertThat(first.byteSize()).isEqualTo(half);
      CapacityException refused =
          catchThrowableOfType(CapacityException.class, () -> new SystemStorage(total - half + 1));
      assertThat(refused.available()).isLessThanOrEqualTo(total - half);
    }
  }

  @Test
  void budgetIsGivenBackOnClose() {
    HostMemory memory = new HostMemory(HugePages.FALSE, 1 << 20, MachineMemory.LOCAL);
    SystemAllocator allocator = new SystemAllocator(memory, () -> false);
    Storage first = allocator.allocate(1_000_000);
    CapacityException refused =
        catchThrowableOfType(CapacityException.class, () -> allocator.allocate(100_000));
    assertThat(refused.requested()).isEqualTo(100_000);
    assertThat(refused.available()).isEqualTo((1 << 20) - 1_000_000);
    assertThat(allocator.tryAllocate(AllocationRequest.of(100_000))).isEmpty();
    first.close();
    assertThat(memory.usedByteSize()).isZero();
    allocator.allocate(1 << 20).close();
  }

  @Test
  void hugePagesAlignToTwoMebibytes() {
    HostMemory memory = new HostMemory(HugePages.TRUE, Long.MAX_VALUE, MachineMemory.LOCAL);
    SystemAllocator allocator = new SystemAllocator(memory, () -> false);
    try (Storage storage = allocator.allocate(5 << 20)) {
      assertThat(storage.address() % HugePages.BYTE_SIZE).isZero();
      storage.memset(1, 0, storage.byteSize());
    }
  }

  @Test
  void nullStorageHasNoAddressAndIgnoresItsSize() {
    try (NullStorage storage = new NullStorage(Long.MAX_VALUE)) {
      assertThat(storage.type()).isEqualTo(StorageType.NULL);
      assertThat(storage.address()).isZero();
      storage.memset(255, Long.MAX_VALUE - 1, 1);
      assertThatThrownBy(() -> storage.memset(0, Long.MAX_VALUE, 1))
          .extracting(e -> ((KvbmException) e).code())
          .isEqualTo(ErrorCode.OUT_OF_BOUNDS);
      assertThatThrownBy(storage::view)
          .extracting(e -> ((KvbmException) e).code())
          .isEqualTo(ErrorCode.NOT_ACCESSIBLE);
    }
  }
}
