package io.kvbm.backend.disk.media;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.CapacityException;
import io.kvbm.api.KvbmException;
import io.kvbm.api.disk.Disk;
import io.kvbm.api.store.MediaProfile;
import io.kvbm.api.store.MediaProfile.Medium;
import io.kvbm.backend.disk.FileDisk;
import io.kvbm.testkit.disk.SimDisk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MediaProbeTest {

  private static final MediaProfile NVME = MediaProfile.defaultsFor(Medium.NVME);

  @TempDir Path directory;

  @Test
  void aDirectoryIsMeasuredQuicklyAndLeftEmpty() throws IOException {
    MediaMeasurement measured = MediaProbe.measure(new FileDisk(), directory, NVME);
    assertThat(measured.sequentialReadMegabytesPerSecond()).isPositive();
    assertThat(measured.sequentialWriteMegabytesPerSecond()).isPositive();
    assertThat(measured.randomReadIops()).isPositive();
    assertThat(measured.byteSize()).isBetween(1L << 20, 64L << 20);
    assertThat(Duration.ofNanos(measured.elapsedNanos())).isLessThan(Duration.ofSeconds(30));
    try (Stream<Path> left = Files.list(directory)) {
      assertThat(left).isEmpty();
    }
    assertThat(measured.text()).contains("MB/s read", "reads/s", "us to sync").hasLineCount(1);
  }

  @Test
  void anInterruptDoesNotShortenIt() {
    Thread.currentThread().interrupt();
    MediaMeasurement measured = MediaProbe.measure(new FileDisk(), directory, NVME);
    assertThat(Thread.interrupted()).isTrue();
    assertThat(measured.randomReadIops()).isPositive();
  }

  @Test
  void withoutSpaceNothingIsTried() {
    try (Disk small = SimDisk.builder(1).capacity(8 << 20).build()) {
      small.createDirectories(Path.of("/sim"));
      assertThatThrownBy(() -> MediaProbe.measure(small, Path.of("/sim"), NVME))
          .isInstanceOf(CapacityException.class)
          .hasMessageContaining("too little to measure");
      assertThat(small.list(Path.of("/sim"))).isEmpty();
    }
  }

  @Test
  void aDirectoryThatIsNotThereIsATypedError() {
    assertThatThrownBy(() -> MediaProbe.measure(new FileDisk(), directory.resolve("no"), NVME))
        .isInstanceOf(KvbmException.class);
  }
}
