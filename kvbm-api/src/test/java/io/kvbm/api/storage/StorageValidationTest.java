package io.kvbm.api.storage;

import static io.kvbm.api.Refusals.assertRefused;
import static org.assertj.core.api.Assertions.assertThatNoException;

import io.kvbm.api.ErrorCode;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

class StorageValidationTest {

  /** A storage that says whatever it is told to say. */
  private record Claim(StorageType type, long address, long byteSize, Region region)
      implements Storage {
    @Override
    public boolean isHostAccessible() {
      return false;
    }

    @Override
    public void memset(int value, long offset, long length) {}

    @Override
    public Lease lease() {
      return () -> {};
    }

    @Override
    public boolean isClosed() {
      return false;
    }

    @Override
    public void close() {}
  }

  private static Claim device(long address, long byteSize, long pointer) {
    return new Claim(
        StorageType.device(0), address, byteSize, new Region.DeviceRegion(0, pointer, byteSize));
  }

  @Test
  void soundStoragesPass() {
    try (RecordingStorage host = RecordingStorage.of(8)) {
      assertThatNoException().isThrownBy(() -> StorageValidation.validate(host));
    }
    assertThatNoException().isThrownBy(() -> StorageValidation.validate(device(64, 8, 64)));
  }

  @Test
  void addressIsAskedOfHostAndDeviceOnly() {
    Claim withoutAddress = new Claim(StorageType.NULL, 0, 8, new Region.NullRegion(8));
    assertThatNoException().isThrownBy(() -> StorageValidation.validate(withoutAddress));
    Claim remote =
        new Claim(StorageType.REMOTE, 0, 8, new Region.RemoteRegion("peer", 1, new byte[4], 0, 8));
    assertThatNoException().isThrownBy(() -> StorageValidation.validate(remote));
    assertRefused(ErrorCode.INVALID_CONFIG, () -> StorageValidation.validate(device(0, 8, 0)))
        .hasMessageContaining("Storage address cannot be null")
        .hasMessageContaining("device(0)");
    Claim host =
        new Claim(
            StorageType.SYSTEM, 0, 8, new Region.HostRegion(MemorySegment.ofArray(new byte[8])));
    assertRefused(ErrorCode.INVALID_CONFIG, () -> StorageValidation.validate(host))
        .hasMessageContaining("Storage address cannot be null");
  }

  @Test
  void nullPointerIsRefused() {
    assertRefused(ErrorCode.INVALID_CONFIG, () -> StorageValidation.validate(device(64, 8, 0)))
        .hasMessageContaining("Storage pointer is null");
    Claim host = new Claim(StorageType.SYSTEM, 64, 8, new Region.HostRegion(MemorySegment.NULL));
    assertRefused(ErrorCode.INVALID_CONFIG, () -> StorageValidation.validate(host))
        .hasMessageContaining("Storage pointer is null");
  }

  @Test
  void sizesMustBeAboveZeroAndAgree() {
    assertRefused(
            ErrorCode.INVALID_CONFIG,
            () ->
                StorageValidation.validate(
                    new Claim(StorageType.NULL, 0, 0, new Region.NullRegion(0))))
        .hasMessageContaining("Storage size cannot be zero");
    assertRefused(
            ErrorCode.INVALID_CONFIG,
            () ->
                StorageValidation.validate(
                    new Claim(StorageType.NULL, 0, 9, new Region.NullRegion(8))))
        .hasMessageContainingAll("9", "8");
  }
}
