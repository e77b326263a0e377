package io.kvbm.testkit.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.storage.AllocationRequest;
import io.kvbm.api.storage.Region;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.storage.StorageAllocator;
import io.kvbm.api.storage.StorageValidation;
import io.kvbm.testkit.BytePatterns;
import io.kvbm.testkit.Feature;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The contract of {@link StorageAllocator}, for every allocator of the backend. */
public abstract class AllocatorContract extends BackendContract {

  private List<StorageAllocator> allocators;
  private StorageBytes bytes;

  /** Creates the contract; called by JUnit. */
  protected AllocatorContract() {}

  @BeforeEach
  final void findAllocators() {
    allocators = offered(Feature.ALLOCATION, Backend::allocators);
    bytes = new StorageBytes(backend());
  }

  @Test
  void kindIsOneOfTheProviders() {
    for (StorageAllocator allocator : allocators) {
      assertThat(openHarness().provider().storageKinds()).contains(allocator.storageKind());
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 63, 4095, 4096, 4097, 65_535, (1 << 20) + 3})
  void storageIsNewOpenOfItsKindAndExactlyAsLongAsAsked(long byteSize) {
    for (StorageAllocator allocator : allocators) {
      try (Storage storage = allocator.allocate(byteSize)) {
        assertThat(storage.byteSize()).isEqualTo(byteSize);
        assertThat(storage.region().byteSize()).as("region of %s", storage).isEqualTo(byteSize);
        assertThat(storage.type().kind()).isEqualTo(allocator.storageKind());
        assertThat(storage.isClosed()).isFalse();
        StorageValidation.validate(storage);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 4097, 300_001, (2 << 20) + 1})
  void contentsAreZeroEvenWhereOthersWereBefore(long byteSize) {
    for (StorageAllocator allocator : allocators) {
      for (int round = 0; round < 3; round++) {
        try (Storage storage = allocator.allocate(byteSize)) {
          BytePatterns.verifyAll(bytes.read(storage), (byte) 0, "new " + storage);
          storage.memset(0xEE, 0, byteSize);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 64, 512, 4096, 65_536, 2 << 20})
  void firstByteIsAlignedAsAsked(long alignment) {
    for (StorageAllocator allocator : allocators) {
      for (long byteSize : new long[] {1, 1000, 100_000}) {
        try (Storage storage = allocator.allocate(new AllocationRequest(byteSize, alignment))) {
          assertThat(storage.address() % alignment).as("address of %s", storage).isZero();
          if (storage.region() instanceof Region.HostRegion host) {
            assertThat(host.segment().address()).isEqualTo(storage.address());
          }
        }
      }
    }
  }

  @Test
  void defaultAlignmentIsAPage() {
    for (StorageAllocator allocator : allocators) {
      try (Storage storage = allocator.allocate(100)) {
        assertThat(storage.address() % AllocationRequest.DEFAULT_ALIGNMENT).isZero();
      }
    }
  }

  @Test
  void liveStoragesNeverOverlap() {
    int count = scaled(40, 15);
    for (StorageAllocator allocator : allocators) {
      List<Storage> live = new ArrayList<>();
      try {
        for (int i = 0; i < count; i++) {
          Storage storage = allocator.allocate(1 + i * 3001L);
          live.add(storage);
          bytes.write(storage, 0, BytePatterns.heap((int) storage.byteSize(), i));
          if (i % 5 == 4) {
            live.remove(i / 2 % live.size()).close(); // its place may be given out again
            live.add(allocator.allocate(1 + i * 3001L));
            bytes.write(live.getLast(), 0, BytePatterns.heap(1 + i * 3001, 1000 + i));
          }
        }
        assertDisjoint(live);
      } finally {
        live.forEach(Storage::close);
      }
    }
  }

  /**
   * Each storage must hold the pattern of its own length: only one pattern per length and seed was
   * written.
   */
  private void assertDisjoint(List<Storage> live) {
    for (Storage storage : live) {
      if (StorageBytes.keepsBytes(storage)) {
        long i = (storage.byteSize() - 1) / 3001;
        var content = bytes.read(storage);
        assertThat(
                BytePatterns.mismatch(content, i) < 0
                    || BytePatterns.mismatch(content, 1000 + i) < 0)
            .as("%s at %d still holds what was written to it", storage, storage.address())
            .isTrue();
      }
    }
  }

  @Test
  void sizeZeroAndBelowIsRefused() {
    for (StorageAllocator allocator : allocators) {
      assertRefused(ErrorCode.INVALID_CONFIG, () -> allocator.allocate(0).close());
      assertRefused(ErrorCode.INVALID_CONFIG, () -> allocator.allocate(-1).close());
    }
  }

  @Test
  void tooMuchIsATypedErrorAndNothingIsReserved() {
    long tooMuch = openHarness().impossibleByteSize();
    for (StorageAllocator allocator : allocators) {
      try (Storage storage = allocator.allocate(1)) {
        if (!StorageBytes.keepsBytes(storage)) {
          continue; // storage without bytes has no limit
        }
      }
      for (int i = 0; i < 3; i++) {
        Throwable refused = catchThrowable(() -> allocator.allocate(tooMuch).close());
        assertThat(refused).isInstanceOf(CapacityException.class);
        CapacityException capacity = (CapacityException) refused;
        assertThat(capacity.code()).isEqualTo(ErrorCode.ALLOCATION_FAILED);
        assertThat(capacity.requested()).isEqualTo(tooMuch);
        assertThat(capacity.available()).isBetween(0L, tooMuch - 1);
        assertThat(capacity.getMessage()).contains(Long.toString(tooMuch)).doesNotContain("\n");
      }
      assertThat(allocator.tryAllocate(AllocationRequest.of(tooMuch))).isEmpty();
      allocator.allocate(1 << 20).close();
    }
  }

  @Test
  void tryAllocateGivesWhatAllocateGives() {
    for (StorageAllocator allocator : allocators) {
      try (Storage storage = allocator.tryAllocate(AllocationRequest.of(5000)).orElseThrow()) {
        assertThat(storage.byteSize()).isEqualTo(5000);
      }
    }
  }

  @Test
  void threadsAllocateAndCloseSideBySide() throws Exception {
    int rounds = scaled(20, 4);
    for (StorageAllocator allocator : allocators) {
      Concurrently.run(
          thread -> {
            for (int i = 0; i < rounds; i++) {
              int byteSize = 1 + (i * 7919 + thread * 104_729) % 50_000;
              try (Storage storage = allocator.allocate(byteSize)) {
                long seed = thread * 1000L + i;
                bytes.write(storage, 0, BytePatterns.heap(byteSize, seed));
                if (StorageBytes.keepsBytes(storage)) {
                  BytePatterns.verify(bytes.read(storage), seed, storage + " on " + thread);
                }
              }
            }
          });
    }
  }
}
