package io.kvbm.backend.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.kvbm.api.BackendException;
import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.spi.MemoryBudget;
import io.kvbm.api.transfer.BlockOutcome;
import io.kvbm.api.transfer.TransferBatch;
import io.kvbm.backend.disk.file.Errno;
import io.kvbm.testkit.HostStorage;
import io.kvbm.testkit.disk.SimDisk;
import io.kvbm.testkit.disk.SimFault;
import io.kvbm.testkit.disk.SimOperation;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Storages and transfers on a disk that fails. */
class FaultyDiskTest {

  private static final Path DIRECTORY = Path.of("/cache");
  private static final Path FILE = DIRECTORY.resolve("file");
  private static final int BLOCK = 8192;

  @ParameterizedTest
  @EnumSource
  void whicheverCallFailsWhileAStorageIsMadeNothingIsLeft(SimFault fault) {
    int failures = 0;
    for (long call = 1; ; call++) {
      SimDisk disk = SimDisk.builder(call).capacity(1 << 20).build();
      disk.failAt(call, fault);
      Throwable thrown =
          catchThrowable(
              () -> DiskStorage.create(disk, FILE, 10_000, DirectAccess.REQUIRED).close());
      if (thrown != null) {
        failures++;
        assertThat(thrown).as("call %d", call).isInstanceOf(KvbmException.class);
        assertThat(thrown.getMessage()).doesNotContain("\n");
        assertThat(disk.exists(FILE)).as("call %d", call).isFalse();
        assertThat(disk.usableByteSize(DIRECTORY)).as("call %d", call).isEqualTo(1 << 20);
      }
      if (disk.calls() < call) {
        break;
      }
    }
    assertThat(failures).isGreaterThanOrEqualTo(5);
  }

  @Test
  void aStorageThatFailsDirectlyIsMadeThroughTheCache() {
    SimDisk disk = SimDisk.of(1);
    disk.createDirectories(DIRECTORY);
    disk.failAt(disk.calls() + 3, SimFault.EIO);
    try (DiskStorage storage = DiskStorage.create(disk, FILE, 10_000, DirectAccess.AUTO)) {
      assertThat(storage.isDirect()).isFalse();
      assertThat(storage.accessDetails()).startsWith("buffered: ").contains("Input/output error");
      storage.memset(9, 0, 10_000);
      assertThat(TestBytes.of(storage)).containsOnly(9);
    }
    assertThat(disk.list(DIRECTORY)).isEmpty();
  }

  @Test
  void aDiskWithoutRoomIsACapacityErrorWithBothSizes() {
    SimDisk disk = SimDisk.builder(1).capacity(64 << 10).build();
    assertThatThrownBy(() -> DiskStorage.create(disk, FILE, 65 << 10, DirectAccess.AUTO))
        .isInstanceOfSatisfying(
            CapacityException.class,
            e -> {
              assertThat(e.requested()).isEqualTo(65 << 10);
              assertThat(e.available()).isBetween(0L, 64L << 10);
            });
    DiskStorage.create(disk, FILE, 64 << 10, DirectAccess.AUTO).close();
  }

  @Test
  void aFaultInAMergedWriteCostsOnlyTheBlockItHits() {
    SimDisk disk = SimDisk.of(1);
    FileTransport transport = new FileTransport(Runnable::run, MemoryBudget.UNLIMITED, 1);
    try (DiskStorage file = DiskStorage.create(disk, FILE, 4 * BLOCK, DirectAccess.OFF);
        HostStorage host = new HostStorage(4 * BLOCK)) {
      TestBytes.randomise(host, 1);
      TransferBatch.Builder batch = TransferBatch.builder();
      for (int i = 0; i < 4; i++) {
        batch.add(i, host, (long) i * BLOCK, file, (long) i * BLOCK, BLOCK);
      }
      long before = disk.calls();
      disk.failAt(before + 1, SimFault.EIO);
      disk.failAt(before + 3, SimFault.EIO);
      List<BlockOutcome> outcomes = FileTransportTest.run(transport, batch.build());
      assertThat(disk.calls(SimOperation.WRITE)).isEqualTo(5);
      assertThat(outcomes.get(1))
          .isInstanceOfSatisfying(
              BlockOutcome.Failed.class,
              failed ->
                  assertThat(failed.cause())
                      .isInstanceOfSatisfying(
                          BackendException.class,
                          e -> assertThat(e.nativeCode()).isEqualTo(Errno.EIO)));
      assertThat(List.of(outcomes.get(0), outcomes.get(2), outcomes.get(3)))
          .containsOnly(new BlockOutcome.Done(BLOCK));
      byte[] expected = TestBytes.of(host);
      Arrays.fill(expected, BLOCK, 2 * BLOCK, (byte) 0);
      assertThat(TestBytes.of(file)).isEqualTo(expected);
    }
    transport.close();
  }

  @Test
  void aDiskThatLosesPowerFailsEveryBlockAndDrains() {
    SimDisk disk = SimDisk.of(1);
    FileTransport transport = new FileTransport(Runnable::run, MemoryBudget.UNLIMITED, 2);
    try (HostStorage host = new HostStorage(2 * BLOCK)) {
      DiskStorage file = DiskStorage.create(disk, FILE, 2 * BLOCK, DirectAccess.REQUIRED);
      TransferBatch batch =
          TransferBatch.builder()
              .add(0, file, 0, host, 0, BLOCK)
              .add(1, file, BLOCK + 1, host, BLOCK, BLOCK - 1)
              .build();
      disk.powerCut();
      assertThat(FileTransportTest.run(transport, batch))
          .hasSize(2)
          .allMatch(outcome -> outcome instanceof BlockOutcome.Failed);
      file.close();
      assertThat(file.isClosed()).isTrue();
    }
    transport.close();
  }

  @Test
  void aMemoryBudgetWithoutRoomFailsUnalignedCopiesOnly() {
    MemoryBudget none =
        byteSize -> {
          throw new CapacityException(ErrorCode.ALLOCATION_FAILED, "no memory left", byteSize, 0);
        };
    FileTransport transport = new FileTransport(Runnable::run, none, 1);
    try (DiskStorage file = DiskStorage.create(SimDisk.of(1), FILE, 2 * BLOCK, DirectAccess.AUTO);
        HostStorage host = new HostStorage(2 * BLOCK)) {
      TransferBatch batch =
          TransferBatch.builder()
              .add(0, host, 0, file, 0, BLOCK)
              .add(1, host, 1, file, BLOCK, BLOCK)
              .build();
      List<BlockOutcome> outcomes = FileTransportTest.run(transport, batch);
      assertThat(outcomes.get(0)).isEqualTo(new BlockOutcome.Done(BLOCK));
      assertThat(outcomes.get(1))
          .isInstanceOfSatisfying(
              BlockOutcome.Failed.class,
              failed -> assertThat(failed.cause()).isInstanceOf(CapacityException.class));
    }
    transport.close();
  }
}
