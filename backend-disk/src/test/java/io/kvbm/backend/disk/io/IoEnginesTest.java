package io.kvbm.backend.disk.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.BackendException;
import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.metrics.MetricsSink;
import io.kvbm.backend.disk.FileDisk;
import io.kvbm.testkit.disk.SimDisk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IoEnginesTest {

  private static final Supplier<IoEngine> REFUSED =
      () -> {
        throw new BackendException(
            ErrorCode.OPERATION_FAILED, "io_uring_setup: Operation not permitted", 1, null);
      };

  @TempDir Path directory;

  @Test
  void aRefusedRingLeavesThreadsAndSaysWhy() throws IOException {
    EngineChoice choice = IoEngines.choose(new FileDisk(), directory, EngineType.AUTO, REFUSED);
    assertThat(choice.text())
        .startsWith("engine " + choice.type() + ": io_uring_setup: Operation not permitted");
    assertThat(choice.type()).isIn(EngineType.DIRECT, EngineType.BUFFERED);
    try (Stream<Path> entries = Files.list(directory)) {
      assertThat(entries).isEmpty();
    }
    try (IoEngine engine = choice.open(EngineSettings.defaults(), MetricsSink.NULL)) {
      assertThat(engine.name()).isEqualTo(choice.type().toString());
    }
  }

  @Test
  void whoAsksForARingThatIsRefusedGetsNoOther() {
    assertThatThrownBy(
            () -> IoEngines.choose(new FileDisk(), directory, EngineType.IO_URING, REFUSED))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("io_uring_setup: Operation not permitted")
        .hasMessageContaining("'engine'");
  }

  @Test
  void aDiskWithoutDescriptorsGetsNoRing() {
    SimDisk disk = SimDisk.of(1);
    disk.createDirectories(directory);
    assertThat(
            IoEngines.choose(disk, directory, EngineType.AUTO, () -> new ThreadEngine("fake", 1))
                .refusals())
        .first()
        .asString()
        .contains("no descriptor");
  }

  @Test
  void bufferedIsAlwaysToBeHad() {
    EngineChoice choice = IoEngines.choose(new FileDisk(), directory, EngineType.BUFFERED, REFUSED);
    assertThat(choice).isEqualTo(new EngineChoice(EngineType.BUFFERED, List.of()));
    assertThat(choice.text()).isEqualTo("engine buffered");
  }
}
