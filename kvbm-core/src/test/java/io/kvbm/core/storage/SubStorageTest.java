package io.kvbm.core.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.CallerException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.storage.StorageValidation;
import io.kvbm.testkit.HostStorage;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SubStorageTest {

  private static final long MAX = Long.MAX_VALUE;

  private final Storage whole = new HostStorage(1000);

  @AfterEach
  void close() {
    whole.close();
  }

  @ParameterizedTest
  @CsvSource({
    "-1, 10",
    "0, 1001",
    "1000, 1",
    "999, 2",
    "0, 0",
    "10, -1",
    "9223372036854775807, 1",
    "1, 9223372036854775807",
    "9223372036854775807, 9223372036854775807",
    "-9223372036854775808, 1"
  })
  void case36_aPartThatLeavesTheWholeIsRefusedAlsoByOverflow(long offset, long byteSize) {
    assertThatThrownBy(() -> SubStorage.viewOf(whole, offset, byteSize))
        .isInstanceOfSatisfying(
            CallerException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.OUT_OF_BOUNDS))
        .hasMessageContaining("1000 bytes");
  }

  @Test
  void case36_aPartOfAPartKeepsItsBounds() {
    try (SubStorage part = SubStorage.viewOf(whole, 100, 200);
        SubStorage inner = SubStorage.viewOf(part, 50, 100)) {
      assertThat(inner.address()).isEqualTo(whole.address() + 150);
      inner.memset(5, 0, 100);
      byte[] bytes = whole.view().toArray(ValueLayout.JAVA_BYTE);
      assertThat(bytes[149]).isZero();
      assertThat(bytes[150]).isEqualTo((byte) 5);
      assertThat(bytes[249]).isEqualTo((byte) 5);
      assertThat(bytes[250]).isZero();
      assertThatThrownBy(() -> inner.memset(5, 1, 100)).isInstanceOf(CallerException.class);
      assertThatThrownBy(() -> inner.memset(5, MAX, 2)).isInstanceOf(CallerException.class);
      assertThatThrownBy(() -> SubStorage.viewOf(part, 101, 100))
          .isInstanceOf(CallerException.class);
    }
  }

  @Test
  void aPartIsAStorageOfItsOwn() {
    try (SubStorage part = SubStorage.viewOf(whole, 10, 20)) {
      StorageValidation.validate(part);
      assertThat(part.type()).isEqualTo(whole.type());
      assertThat(part.isHostAccessible()).isTrue();
      assertThat(part.offset()).isEqualTo(10);
      assertThat(part.view().byteSize()).isEqualTo(20);
      part.register("remote", () -> {});
      assertThat(whole.isClosed()).isFalse();
    }
    assertThat(whole.isClosed()).isFalse();
  }

  @Test
  void aPartKeepsTheBytesOfAClosedWhole() {
    SubStorage part = SubStorage.viewOf(whole, 0, 10);
    var view = part.view();
    whole.close();
    assertThat(view.get(ValueLayout.JAVA_BYTE, 0)).isZero();
    assertThat(part.view().byteSize()).as("the part leases the whole").isEqualTo(10);
    part.memset(7, 2, 3);
    assertThat(view.toArray(ValueLayout.JAVA_BYTE)).containsExactly(0, 0, 7, 7, 7, 0, 0, 0, 0, 0);
    part.close();
    assertThatThrownBy(part::view).isInstanceOf(ClosedException.class);
    assertThatThrownBy(() -> view.get(ValueLayout.JAVA_BYTE, 0))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> SubStorage.viewOf(whole, 0, 10)).isInstanceOf(ClosedException.class);
  }
}
