package io.kvbm.api.storage;

import static io.kvbm.api.Refusals.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.ErrorCode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class StorageTypeTest {

  static List<StorageType> types() {
    return List.of(
        StorageType.SYSTEM,
        StorageType.PINNED,
        StorageType.REMOTE,
        StorageType.NULL,
        StorageType.device(0),
        StorageType.device(Integer.MAX_VALUE),
        StorageType.disk(17),
        StorageType.disk(Long.MAX_VALUE),
        StorageType.of("cxl"),
        StorageType.of("a".repeat(63)),
        new StorageType("cxl-2", 3));
  }

  @ParameterizedTest
  @MethodSource("types")
  void textAndBinaryFormsRoundTrip(StorageType type) {
    assertThat(StorageType.parse(type.toString())).isEqualTo(type);
    byte[] bytes = type.toBytes();
    ByteBuffer padded = ByteBuffer.allocate(bytes.length + 3).put((byte) 9).put(bytes);
    for (ByteOrder order : List.of(ByteOrder.LITTLE_ENDIAN, ByteOrder.BIG_ENDIAN)) {
      padded.order(order).position(1);
      assertThat(StorageType.fromBytes(padded)).isEqualTo(type);
      assertThat(padded.remaining()).isEqualTo(2);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "system, 0673797374656dffffffffffffffff",
    "device(1), 066465766963650100000000000000",
    "disk(258), 046469736b0201000000000000"
  })
  void formsAreStable(String text, String bytes) {
    StorageType type = StorageType.parse(text);
    assertThat(type).hasToString(text);
    assertThat(HexFormat.of().formatHex(type.toBytes())).isEqualTo(bytes);
  }

  @Test
  void nixlIsRemote() {
    assertThat(StorageType.parse("nixl")).isEqualTo(StorageType.REMOTE);
    assertThat(StorageType.NIXL).hasToString("remote");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "System",
        "1cxl",
        "-x",
        "device(",
        "device()",
        "device(-1)",
        "device(1) ",
        "device(1)(2)",
        "device(x)",
        "disk(9223372036854775808)",
        "disk(99999999999999999999)"
      })
  void otherTextsAreRefused(String text) {
    assertRefused(ErrorCode.INVALID_ARGUMENT, () -> StorageType.parse(text))
        .hasMessageContaining("'" + text + "'");
  }

  @Test
  void kindAndIdHaveLimits() {
    assertRefused(ErrorCode.INVALID_ARGUMENT, () -> StorageType.of("a".repeat(64)));
    assertRefused(ErrorCode.INVALID_ARGUMENT, () -> StorageType.of("white space"));
    assertRefused(ErrorCode.INVALID_ARGUMENT, () -> new StorageType("cxl", -2));
    assertRefused(ErrorCode.INVALID_ARGUMENT, () -> StorageType.device(-1));
    assertRefused(ErrorCode.INVALID_ARGUMENT, () -> StorageType.disk(-1));
  }

  @ParameterizedTest
  @MethodSource("types")
  void cutBytesAreRefused(StorageType type) {
    byte[] bytes = type.toBytes();
    for (int length = 0; length < bytes.length; length++) {
      ByteBuffer cut = ByteBuffer.wrap(Arrays.copyOf(bytes, length));
      assertRefused(ErrorCode.INVALID_ARGUMENT, () -> StorageType.fromBytes(cut));
    }
  }

  @Test
  void malformedBytesAreRefused() {
    for (int first : new int[] {0, -1, -128, 127}) {
      byte[] bytes = StorageType.SYSTEM.toBytes();
      bytes[0] = (byte) first;
      assertRefused(
          ErrorCode.INVALID_ARGUMENT, () -> StorageType.fromBytes(ByteBuffer.wrap(bytes)));
    }
    byte[] upperCase = StorageType.SYSTEM.toBytes();
    upperCase[1] = 'S';
    assertRefused(
        ErrorCode.INVALID_ARGUMENT, () -> StorageType.fromBytes(ByteBuffer.wrap(upperCase)));
    byte[] negativeId = StorageType.disk(1).toBytes();
    negativeId[negativeId.length - 1] = -1;
    assertRefused(
        ErrorCode.INVALID_ARGUMENT, () -> StorageType.fromBytes(ByteBuffer.wrap(negativeId)));
  }

  @Test
  void kindsAreTold() {
    assertThat(StorageType.device(3).isDevice()).isTrue();
    assertThat(StorageType.device(3).isDisk()).isFalse();
    assertThat(StorageType.disk(3).isDisk()).isTrue();
    assertThat(StorageType.SYSTEM.isDevice()).isFalse();
  }
}
