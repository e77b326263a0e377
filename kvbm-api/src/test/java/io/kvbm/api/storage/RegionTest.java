package io.kvbm.api.storage;

import static io.kvbm.api.Refusals.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class RegionTest {

  static List<Region> regions() {
    return List.of(
        new Region.HostRegion(MemorySegment.ofArray(new byte[10])),
        new Region.DeviceRegion(0, 1000, 10),
        new Region.RemoteRegion("peer", 1, new byte[2], 1000, 10),
        new Region.NullRegion(10));
  }

  @ParameterizedTest
  @MethodSource("regions")
  void sliceStaysInside(Region region) {
    assertThat(region.slice(3, 7).byteSize()).isEqualTo(7);
    assertThat(region.slice(10, 0).byteSize()).isZero();
    assertRefused(ErrorCode.OUT_OF_BOUNDS, () -> region.slice(3, 8));
    assertRefused(ErrorCode.OUT_OF_BOUNDS, () -> region.slice(-1, 1));
    assertRefused(ErrorCode.OUT_OF_BOUNDS, () -> region.slice(1, -1));
    assertRefused(ErrorCode.OUT_OF_BOUNDS, () -> region.slice(1, Long.MAX_VALUE));
    assertRefused(ErrorCode.OUT_OF_BOUNDS, () -> region.slice(Long.MAX_VALUE, 1));
  }

  @Test
  void remoteRegionsAreComparedByTheContentOfTheirKeys() {
    Region region = new Region.RemoteRegion("peer", 1, new byte[] {1, 2}, 1000, 10);
    assertThat(region)
        .isEqualTo(new Region.RemoteRegion("peer", 1, new byte[] {1, 2}, 1000, 10))
        .hasSameHashCodeAs(new Region.RemoteRegion("peer", 1, new byte[] {1, 2}, 1000, 10))
        .isNotEqualTo(new Region.RemoteRegion("peer", 1, new byte[] {1, 3}, 1000, 10))
        .isNotEqualTo(new Region.RemoteRegion("peer", 2, new byte[] {1, 2}, 1000, 10))
        .isNotEqualTo(new Region.RemoteRegion("other", 1, new byte[] {1, 2}, 1000, 10))
        .isNotEqualTo(new Region.RemoteRegion("peer", 1, new byte[] {1, 2}, 1001, 10))
        .isNotEqualTo(new Region.RemoteRegion("peer", 1, new byte[] {1, 2}, 1000, 11));
  }

  @Test
  void sliceMovesTheAddress() {
    assertThat(new Region.DeviceRegion(2, 1000, 10).slice(3, 4))
        .isEqualTo(new Region.DeviceRegion(2, 1003, 4));
    assertThat(new Region.RemoteRegion("peer", 5, new byte[2], 1000, 10).slice(3, 4).address())
        .isEqualTo(1003);
    MemorySegment bytes = MemorySegment.ofArray(new byte[] {0, 1, 2, 3});
    assertThat(new Region.HostRegion(bytes).slice(2, 2).segment().mismatch(bytes.asSlice(2, 2)))
        .isEqualTo(-1);
  }

  @Test
  void allocationRequestChecksSizeAndAlignment() {
    assertThat(AllocationRequest.of(5)).isEqualTo(new AllocationRequest(5, 4096));
    assertRefused(ErrorCode.INVALID_CONFIG, () -> AllocationRequest.of(0))
        .isInstanceOf(ConfigurationException.class);
    assertRefused(ErrorCode.INVALID_ARGUMENT, () -> new AllocationRequest(1, 3));
    assertRefused(ErrorCode.INVALID_ARGUMENT, () -> new AllocationRequest(1, 0));
    assertRefused(ErrorCode.INVALID_ARGUMENT, () -> new AllocationRequest(1, Long.MIN_VALUE));
  }
}
