package io.kvbm.api.storage;

import static io.kvbm.api.Refusals.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AbstractStorageTest {

  private final RecordingStorage storage = RecordingStorage.of(100);

  @AfterEach
  void close() {
    storage.close();
  }

  private byte[] bytes() {
    return storage.view().toArray(ValueLayout.JAVA_BYTE);
  }

  @Test
  void closeUnderALeaseFreesWithTheLastOne() {
    Lease one = storage.lease();
    Lease two = storage.lease();
    storage.close();
    assertThat(storage.isClosed()).isTrue();
    assertThat(storage.events).isEmpty();
    assertRefused(ErrorCode.CLOSED, storage::lease);
    assertThat(storage.region().byteSize()).as("work in flight drains").isEqualTo(100);
    one.close();
    one.close();
    assertThat(storage.events).as("a lease counts once").isEmpty();
    two.close();
    assertThat(storage.events).containsExactly("free");
    assertRefused(ErrorCode.CLOSED, storage::region);
  }

  @Test
  void closeIsIdempotentAndRefusesNewWork() {
    storage.close();
    storage.close();
    assertThat(storage.events).containsExactly("free");
    assertRefused(ErrorCode.CLOSED, storage::region);
    assertRefused(ErrorCode.CLOSED, storage::view);
    assertRefused(ErrorCode.CLOSED, storage::mutableView);
    assertRefused(ErrorCode.CLOSED, () -> storage.memset(0, 0, 1));
    assertRefused(ErrorCode.CLOSED, () -> storage.memset(0, 0, 0));
    assertRefused(ErrorCode.CLOSED, () -> storage.register("remote", () -> {}));
    assertThat(storage).hasToString("system storage of 100 bytes (closed)");
  }

  @Test
  void memsetSetsExactlyTheRange() {
    storage.memset(255, 10, 5);
    storage.memset(0, 12, 1);
    byte[] expected = new byte[100];
    expected[10] = expected[11] = expected[13] = expected[14] = -1;
    assertThat(bytes()).isEqualTo(expected);
    storage.memset(1, 99, 1);
    storage.memset(1, 100, 0);
    expected[99] = 1;
    assertThat(bytes()).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 256, Integer.MAX_VALUE, Integer.MIN_VALUE})
  void memsetTakesBytesOnly(int value) {
    assertRefused(ErrorCode.INVALID_ARGUMENT, () -> storage.memset(value, 0, 100))
        .hasMessageContaining(Integer.toString(value));
    assertThat(bytes()).containsOnly(0);
  }

  @ParameterizedTest
  @CsvSource({
    "0, 101",
    "100, 1",
    "101, 0",
    "-1, 1",
    "0, -1",
    "1, 9223372036854775807",
    "9223372036854775807, 1",
    "9223372036854775807, 9223372036854775807",
    "-9223372036854775808, 9223372036854775807"
  })
  void rangesOutsideAreRefusedEvenWhereTheyOverflow(long offset, long length) {
    assertRefused(ErrorCode.OUT_OF_BOUNDS, () -> storage.memset(1, offset, length))
        .hasMessageContaining("100 bytes");
    assertThat(bytes()).containsOnly(0);
  }

  @Test
  void viewIsReadOnly() {
    assertThat(storage.view().isReadOnly()).isTrue();
    assertThat(storage.mutableView().isReadOnly()).isFalse();
    assertThat(storage.mutableView().address()).isEqualTo(storage.address());
  }

  @Test
  void registrationsAreFoundByTheirKey() {
    RegistrationHandle handle = () -> storage.events.add("released");
    storage.register("cuda", handle);
    assertThat(storage.isRegistered("cuda")).isTrue();
    assertThat(storage.registrationHandle("cuda")).containsSame(handle);
    assertThat(storage.isRegistered("remote")).isFalse();
    assertThat(storage.registrationHandle("remote")).isEmpty();
    storage.unregister("cuda");
    assertThat(storage.events).containsExactly("released");
    assertThat(storage.isRegistered("cuda")).isFalse();
    assertRefused(ErrorCode.HANDLE_NOT_FOUND, () -> storage.unregister("cuda"))
        .hasMessageContaining("cuda");
  }

  @Test
  void takenKeyIsRefusedAndItsHandleStays() {
    RegistrationHandle handle = () -> storage.events.add("first");
    storage.register("cuda", handle);
    assertRefused(
            ErrorCode.REGISTRATION_KEY_EXISTS,
            () -> storage.register("cuda", () -> storage.events.add("second")))
        .hasMessageContaining("cuda");
    storage.close();
    assertThat(storage.events).containsExactly("first", "free");
  }

  @Test
  void nixlAndRemoteAreOneKey() {
    storage.register("nixl", () -> {});
    assertThat(storage.isRegistered("remote")).isTrue();
    assertRefused(ErrorCode.REGISTRATION_KEY_EXISTS, () -> storage.register("remote", () -> {}));
    storage.unregister("remote");
    assertThat(storage.isRegistered("nixl")).isFalse();
  }

  @Test
  void handlesAreReleasedLastFirstAndBeforeTheBytes() {
    for (String key : List.of("a", "b", "c")) {
      storage.register(key, () -> storage.events.add(key));
    }
    Lease lease = storage.lease();
    storage.close();
    assertThat(storage.events).isEmpty();
    lease.close();
    assertThat(storage.events).containsExactly("c", "b", "a", "free");
  }

  @Test
  void failingHandleDoesNotKeepTheBytes() {
    RuntimeException first = new CallerException(ErrorCode.INVALID_ARGUMENT, "b fails");
    RuntimeException second = new CallerException(ErrorCode.INVALID_ARGUMENT, "a fails");
    storage.register(
        "a",
        () -> {
          throw second;
        });
    storage.register(
        "b",
        () -> {
          throw first;
        });
    storage.register("c", () -> storage.events.add("c"));
    assertThatThrownBy(storage::close).isSameAs(first).hasSuppressedException(second);
    assertThat(storage.events).containsExactly("c", "free");
  }

  @Test
  void handlesThatFailWithOneExceptionDoNotKeepTheBytes() {
    RuntimeException shared = new CallerException(ErrorCode.INVALID_ARGUMENT, "both fail");
    for (String key : List.of("a", "b")) {
      storage.register(
          key,
          () -> {
            throw shared;
          });
    }
    assertThatThrownBy(storage::close).isSameAs(shared).hasNoSuppressedExceptions();
    assertThat(storage.events).containsExactly("free");
  }

  @Test
  void storageOfNoBytesIsRefused() {
    assertRefused(ErrorCode.INVALID_CONFIG, () -> new EmptyStorage(0));
    assertRefused(ErrorCode.INVALID_CONFIG, () -> new EmptyStorage(-1));
  }

  @Test
  void racingClosesAndLeasesFreeOnce() throws Exception {
    try (ExecutorService threads = Executors.newFixedThreadPool(3)) {
      for (int round = 0; round < 300; round++) {
        RecordingStorage raced = RecordingStorage.of(8);
        CyclicBarrier start = new CyclicBarrier(3);
        List<Future<?>> results = new ArrayList<>();
        for (int thread = 0; thread < 3; thread++) {
          Lease lease = raced.lease();
          results.add(
              threads.submit(
                  () -> {
                    start.await();
                    raced.close();
                    lease.close();
                    return null;
                  }));
        }
        for (Future<?> result : results) {
          result.get();
        }
        assertThat(raced.events).as("round %d", round).containsExactly("free");
      }
    }
  }

  private static final class EmptyStorage extends AbstractStorage {
    EmptyStorage(long byteSize) {
      super(StorageType.NULL, 0, byteSize);
    }

    @Override
    public boolean isHostAccessible() {
      return false;
    }

    @Override
    protected Region openRegion() {
      return new Region.NullRegion(byteSize());
    }

    @Override
    protected void fill(byte value, long offset, long length) {}

    @Override
    protected void free() {}
  }
}
