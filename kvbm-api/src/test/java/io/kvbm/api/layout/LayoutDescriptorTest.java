package io.kvbm.api.layout;

import static io.kvbm.api.Refusals.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.ErrorCode;
import io.kvbm.api.layout.LayoutDescriptor.StorageSpan;
import io.kvbm.api.storage.StorageType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

class LayoutDescriptorTest {

  private static final LayoutDescriptor DESCRIPTOR =
      new LayoutDescriptor(
          1,
          LayoutType.PAGED,
          new LayoutConfig(1, 2, 1, 4, 13, DType.INT4, 32),
          List.of(new StorageSpan(StorageType.device(1), 5, 100)),
          List.of(1, 0));

  private static final String GOLDEN =
      "4b564c440100000066000000"
          + "05007061676564"
          + "010000000200000001000000040000000d00000004000000"
          + "2000000000000000"
          + "01000000"
          + "066465766963650100000000000000"
          + "0500000000000000"
          + "6400000000000000"
          + "02000000"
          + "0100000000000000";

  /** Replaces the checksum by the right one. */
  private static byte[] sealed(byte[] bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, bytes.length - Integer.BYTES);
    ByteBuffer.wrap(bytes)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(bytes.length - Integer.BYTES, (int) crc.getValue());
    return bytes;
  }

  @Test
  void binaryFormIsStable() {
    byte[] bytes = DESCRIPTOR.toBytes();
    String hex = HexFormat.of().formatHex(bytes);
    assertThat(hex.substring(0, hex.length() - 8)).isEqualTo(GOLDEN);
    assertThat(LayoutDescriptor.fromBytes(bytes)).isEqualTo(DESCRIPTOR);
    assertThat(sealed(bytes.clone())).isEqualTo(bytes);
  }

  @Test
  void pageCountThatDoesNotFitIsRefused() {
    int at = GOLDEN.length() / 2 - 12;
    for (int count : new int[] {0, 1, 3, -1, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
      byte[] bytes = DESCRIPTOR.toBytes();
      ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(at, count);
      assertRefused(ErrorCode.CORRUPT, () -> LayoutDescriptor.fromBytes(sealed(bytes)))
          .hasMessageContaining(Integer.toString(count));
    }
  }

  @Test
  void valuesThatMakeNoSenseAreCorruptEvenUnderARightChecksum() {
    // Name length, the shape, alignment, storage count, the storage's kind.
    for (int at : new int[] {12, 19, 23, 27, 31, 35, 39, 43, 51, 55}) {
      byte[] bytes = DESCRIPTOR.toBytes();
      ByteBuffer.wrap(bytes).putInt(at, -1);
      assertRefused(ErrorCode.CORRUPT, () -> LayoutDescriptor.fromBytes(sealed(bytes)));
    }
  }

  @Test
  void spanAndTypeAreChecked() {
    assertRefused(ErrorCode.INVALID_CONFIG, () -> new StorageSpan(StorageType.SYSTEM, 100, 100));
    assertRefused(ErrorCode.INVALID_CONFIG, () -> new StorageSpan(StorageType.SYSTEM, -1, 100));
    assertRefused(ErrorCode.INVALID_CONFIG, () -> new StorageSpan(StorageType.SYSTEM, 0, 0));
    assertRefused(ErrorCode.INVALID_ARGUMENT, () -> new LayoutType("No Layout"));
    assertRefused(ErrorCode.INVALID_ARGUMENT, () -> new LayoutType(""));
  }
}
