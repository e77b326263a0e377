package io.kvbm.api.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.store.MediaProfile.Medium;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class MediaProfileTest {

  /** The table and the function of the model storage specification, figure for figure. */
  @ParameterizedTest
  @CsvSource({
    "NVME, 3500, 500000, 32, 65536, true, 1048576, true, 0.10, 4",
    "EMMC, 300, 8000, 8, 32768, false, 262144, true, 0.05, 1.5",
    "SD_UHS2, 300, 4000, 1, 16384, false, 0, false, 0.20, 1",
    "SD_UHS1, 104, 2000, 1, 16384, false, 0, false, 0.15, 1"
  })
  void defaultsAreThoseOfTheSpecification(
      Medium medium,
      int megabytesPerSecond,
      int iops,
      int queueDepth,
      int ioByteSize,
      boolean direct,
      int readAheadByteSize,
      boolean async,
      double cost,
      double watts) {
    assertThat(MediaProfile.defaultsFor(medium))
        .isEqualTo(
            new MediaProfile(
                medium,
                megabytesPerSecond,
                iops,
                queueDepth,
                ioByteSize,
                direct,
                readAheadByteSize,
                async,
                cost,
                watts));
  }

  @ParameterizedTest
  @EnumSource(Medium.class)
  void everyMediumCanBeWorkedWith(Medium medium) {
    MediaProfile profile = MediaProfile.defaultsFor(medium);
    assertThat(profile.medium()).isEqualTo(medium);
    assertThat(profile.queueDepth()).isPositive();
    assertThat(profile.ioByteSize())
        .isPositive()
        .satisfies(size -> assertThat(size % 4096).isZero());
    assertThat(profile.sequentialReadMegabytesPerSecond()).isPositive();
    assertThat(profile.randomReadIops()).isPositive();
    assertThat(profile.readAheadByteSize()).isNotNegative();
  }

  @Test
  void whatADeviceCostsAndDrawsIsKnownWhereItIsADevice() {
    for (Medium medium :
        new Medium[] {
          Medium.NVME, Medium.SATA_SSD, Medium.EMMC, Medium.SD_UHS1, Medium.SD_UHS2, Medium.HDD
        }) {
      assertThat(MediaProfile.defaultsFor(medium).costPerGigabyte()).isPositive();
      assertThat(MediaProfile.defaultsFor(medium).watts()).isPositive();
    }
  }
}
