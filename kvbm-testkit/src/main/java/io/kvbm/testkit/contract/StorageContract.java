package io.kvbm.testkit.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.storage.Lease;
import io.kvbm.api.storage.Region;
import io.kvbm.api.storage.RegistrableStorage;
import io.kvbm.api.storage.RegistrationHandle;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.storage.StorageAllocator;
import io.kvbm.testkit.BytePatterns;
import io.kvbm.testkit.Feature;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The contract of {@link Storage} and {@link RegistrableStorage}, for every kind the backend
 * allocates.
 */
public abstract class StorageContract extends BackendContract {

  private static final int BYTE_SIZE = 20_000;

  private List<StorageAllocator> allocators;
  private StorageBytes bytes;

  /** Creates the contract; called by JUnit. */
  protected StorageContract() {}

  @BeforeEach
  final void findAllocators() {
    allocators = offered(Feature.ALLOCATION, Backend::allocators);
    bytes = new StorageBytes(backend());
  }

  /** A test of one storage, closed by the test or after it. */
  @FunctionalInterface
  private interface StorageTest {
    void run(Storage storage) throws Exception;
  }

  private void forEachKind(StorageTest test) throws Exception {
    for (StorageAllocator allocator : allocators) {
      try (Storage storage = allocator.allocate(BYTE_SIZE)) {
        Assumptions.assumeTrue(
            storage.byteSize() == BYTE_SIZE, "storage of another size: see AllocatorContract");
        test.run(storage);
      }
    }
  }

  @Test
  void memsetSetsTheRangeAndNothingElse() throws Exception {
    forEachKind(
        storage -> {
          storage.memset(0x11, 0, BYTE_SIZE);
          storage.memset(0xFF, 1000, 5001);
          if (StorageBytes.keepsBytes(storage)) {
            MemorySegment content = bytes.read(storage);
            BytePatterns.verifyAll(content.asSlice(0, 1000), (byte) 0x11, "before " + storage);
            BytePatterns.verifyAll(content.asSlice(1000, 5001), (byte) 0xFF, "set " + storage);
            BytePatterns.verifyAll(content.asSlice(6001), (byte) 0x11, "behind " + storage);
          }
        });
  }

  @Test
  void memsetTakesEveryByteValueAndNoOther() throws Exception {
    forEachKind(
        storage -> {
          for (int value = 0; value <= 255; value++) {
            storage.memset(value, value, 1);
          }
          for (int value : new int[] {-1, 256, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
            assertRefused(ErrorCode.INVALID_ARGUMENT, () -> storage.memset(value, 0, BYTE_SIZE));
          }
          if (StorageBytes.keepsBytes(storage)) {
            MemorySegment content = bytes.read(storage, 0, 256);
            for (int value = 0; value <= 255; value++) {
              assertThat(content.get(ValueLayout.JAVA_BYTE, value)).isEqualTo((byte) value);
            }
          }
        });
  }

  @Test
  void memsetOutsideTheStorageIsRefusedAndWritesNothing() throws Exception {
    long[][] ranges = {
      {-1, 1},
      {0, -1},
      {0, BYTE_SIZE + 1},
      {BYTE_SIZE, 1},
      {1, BYTE_SIZE},
      {BYTE_SIZE + 1, 0},
      {Long.MAX_VALUE, 1},
      {1, Long.MAX_VALUE},
      {Long.MAX_VALUE, Long.MAX_VALUE},
      {Long.MIN_VALUE, Long.MIN_VALUE}
    };
    forEachKind(
        storage -> {
          storage.memset(0x22, 0, BYTE_SIZE); // whether new storage is zero is the allocator's
          for (long[] range : ranges) {
            KvbmException refusal =
                assertRefused(
                    ErrorCode.OUT_OF_BOUNDS, () -> storage.memset(0xEE, range[0], range[1]));
            assertThat(refusal).hasMessageContaining(Integer.toString(BYTE_SIZE));
          }
          verifyHolds(storage, 0x22);
        });
  }

  @Test
  void memsetOfNothingDoesNothing() throws Exception {
    forEachKind(
        storage -> {
          storage.memset(0x22, 0, BYTE_SIZE);
          storage.memset(0xEE, 0, 0);
          storage.memset(0xEE, BYTE_SIZE, 0);
          verifyHolds(storage, 0x22);
        });
  }

  private void verifyHolds(Storage storage, int value) {
    if (StorageBytes.keepsBytes(storage)) {
      BytePatterns.verifyAll(bytes.read(storage), (byte) value, storage.toString());
    }
  }

  @Test
  void viewsAreTheBytesWhereTheHostReachesThem() throws Exception {
    forEachKind(
        storage -> {
          assertThat(storage.isHostAccessible())
              .as("host accessible means a host region: %s", storage)
              .isEqualTo(storage.region() instanceof Region.HostRegion);
          if (!storage.isHostAccessible()) {
            assertRefused(ErrorCode.NOT_ACCESSIBLE, storage::view);
            assertRefused(ErrorCode.NOT_ACCESSIBLE, storage::mutableView);
            return;
          }
          BytePatterns.fill(storage.mutableView(), 3);
          assertThat(storage.view().isReadOnly()).isTrue();
          assertThat(storage.view().address()).isEqualTo(storage.address());
          BytePatterns.verify(storage.view(), 3, "view of " + storage);
        });
  }

  @Test
  void closingTwiceDoesNothing() throws Exception {
    forEachKind(
        storage -> {
          assertThat(storage.isClosed()).isFalse();
          storage.close();
          assertThat(storage.isClosed()).isTrue();
          storage.close();
          assertThat(storage.isClosed()).isTrue();
        });
  }

  @Test
  void closedStorageRefusesNewWork() throws Exception {
    forEachKind(
        storage -> {
          storage.close();
          assertRefused(ErrorCode.CLOSED, storage::region);
          assertRefused(ErrorCode.CLOSED, storage::view);
          assertRefused(ErrorCode.CLOSED, storage::mutableView);
          assertRefusesNewWork(storage);
        });
  }

  private static void assertRefusesNewWork(Storage storage) {
    assertRefused(ErrorCode.CLOSED, () -> storage.lease().close());
    assertRefused(ErrorCode.CLOSED, () -> storage.memset(0, 0, 1));
    assertRefused(ErrorCode.CLOSED, () -> storage.memset(0, 0, 0));
  }

  @Test
  void leasesKeepTheBytesOfAClosedStorage() throws Exception {
    forEachKind(
        storage -> {
          bytes.write(storage, 0, BytePatterns.heap(BYTE_SIZE, 5));
          Lease first = storage.lease();
          Lease second = storage.lease();
          storage.close();
          assertRefusesNewWork(storage);
          first.close();
          first.close(); // closing a lease twice must not return another's
          if (storage.region() instanceof Region.HostRegion host) {
            BytePatterns.verify(host.segment(), 5, "leased bytes of " + storage);
          }
          second.close();
          assertThat(storage.isClosed()).isTrue();
          assertRefused(ErrorCode.CLOSED, storage::region);
        });
  }

  @Test
  void registrationsAreFoundAndReleasedOnce() throws Exception {
    forEachKind(
        storage -> {
          if (!(storage instanceof RegistrableStorage registrable)) {
            return;
          }
          AtomicInteger released = new AtomicInteger();
          RegistrationHandle handle = released::incrementAndGet;
          assertThat(registrable.isRegistered("some-library")).isFalse();
          assertThat(registrable.registrationHandle("some-library")).isEmpty();
          registrable.register("some-library", handle);
          assertThat(registrable.isRegistered("some-library")).isTrue();
          assertThat(registrable.registrationHandle("some-library")).containsSame(handle);
          assertRefused(
              ErrorCode.REGISTRATION_KEY_EXISTS,
              () -> registrable.register("some-library", released::incrementAndGet));
          registrable.unregister("some-library");
          assertThat(released).hasValue(1);
          assertThat(registrable.isRegistered("some-library")).isFalse();
          assertRefused(ErrorCode.HANDLE_NOT_FOUND, () -> registrable.unregister("some-library"));
          registrable.close();
          assertThat(released).hasValue(1);
        });
  }

  @Test
  void registrationsAreReleasedInReverseAfterTheLastLease() throws Exception {
    forEachKind(
        storage -> {
          if (!(storage instanceof RegistrableStorage registrable)) {
            return;
          }
          List<String> released = new ArrayList<>();
          registrable.register("first", () -> released.add("first"));
          registrable.register("nixl", () -> released.add("remote"));
          assertThat(registrable.isRegistered("remote")).as("nixl and remote are one").isTrue();
          Lease lease = registrable.lease();
          registrable.close();
          assertThat(released).isEmpty();
          lease.close();
          assertThat(released).containsExactly("remote", "first");
          assertRefused(ErrorCode.CLOSED, () -> registrable.register("late", () -> {}));
        });
  }

  @Test
  void threadsLeaseWhileOneCloses() throws Exception {
    for (StorageAllocator allocator : allocators) {
      for (int round = 0; round < scaled(10, 3); round++) {
        try (Storage storage = allocator.allocate(BYTE_SIZE)) {
          bytes.write(storage, 0, BytePatterns.heap(BYTE_SIZE, 11));
          Concurrently.run(thread -> leaseUntilClosed(storage, thread));
        }
      }
    }
  }

  private static void leaseUntilClosed(Storage storage, int thread) {
    for (int i = 0; i < 50; i++) {
      try (Lease _ = storage.lease()) {
        if (storage.region() instanceof Region.HostRegion host) {
          BytePatterns.verify(
              host.segment().asSlice(0, BYTE_SIZE), 11, "leased bytes of " + storage);
        }
      } catch (KvbmException e) {
        assertThat(e.code()).isEqualTo(ErrorCode.CLOSED);
        return;
      }
      if (thread == 0 && i == 10) {
        storage.close();
      }
    }
  }

  @Test
  void randomMemsetsGiveWhatAnArrayGives() throws Exception {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    forEachKind(
        storage -> {
          byte[] model = new byte[BYTE_SIZE];
          storage.memset(0, 0, BYTE_SIZE);
          for (int i = 0; i < 60; i++) {
            int offset = random.nextInt(BYTE_SIZE);
            int length = random.nextInt(BYTE_SIZE - offset + 1);
            int value = random.nextInt(256);
            storage.memset(value, offset, length);
            Arrays.fill(model, offset, offset + length, (byte) value);
          }
          if (StorageBytes.keepsBytes(storage)) {
            assertThat(bytes.read(storage).mismatch(MemorySegment.ofArray(model)))
                .as("first byte that differs in %s, seed %d", storage, seed)
                .isEqualTo(-1);
          }
        });
  }
}
