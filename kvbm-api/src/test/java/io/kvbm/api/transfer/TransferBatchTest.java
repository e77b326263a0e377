package io.kvbm.api.transfer;

import static io.kvbm.api.Refusals.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.ErrorCode;
import io.kvbm.api.storage.RecordingStorage;
import io.kvbm.api.storage.StorageType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TransferBatchTest {

  private final RecordingStorage source = RecordingStorage.of(100);
  private final RecordingStorage target = RecordingStorage.of(StorageType.PINNED, 50);

  @AfterEach
  void close() {
    source.close();
    target.close();
  }

  @Test
  void keepsCopiesInOrder() {
    TransferBatch.Builder builder = TransferBatch.builder();
    for (int copy = 0; copy < 20; copy++) {
      builder.add(copy / 2, source, 5L * copy, target, 2L * copy, 2);
    }
    TransferBatch batch = builder.build();
    builder.add(10, source, 0, target, 0, 1);
    assertThat(batch.size()).isEqualTo(20);
    assertThat(batch.blockCount()).isEqualTo(10);
    assertThat(batch.totalByteSize()).isEqualTo(40);
    assertThat(batch.route()).isEqualTo(new Route(StorageType.SYSTEM, StorageType.PINNED));
    assertThat(batch.route()).hasToString("system->pinned");
    for (int copy = 0; copy < 20; copy++) {
      assertThat(batch.block(copy)).isEqualTo(copy / 2);
      assertThat(batch.source(copy)).isSameAs(source);
      assertThat(batch.target(copy)).isSameAs(target);
      assertThat(batch.sourceOffset(copy)).isEqualTo(5L * copy);
      assertThat(batch.targetOffset(copy)).isEqualTo(2L * copy);
      assertThat(batch.byteSize(copy)).isEqualTo(2);
    }
    assertThat(batch.sourceRegion(3).byteSize()).isEqualTo(2);
    target.memset(7, 38, 2);
    assertThat(batch.targetRegion(19)).isEqualTo(target.region().slice(38, 2));
  }

  @ParameterizedTest
  @CsvSource({
    "99, 0, 2",
    "0, 49, 2",
    "-1, 0, 1",
    "0, -1, 1",
    "0, 0, 0",
    "0, 0, -1",
    "1, 0, 9223372036854775807",
    "9223372036854775807, 0, 1"
  })
  void rangesOutsideTheirStorageAreRefused(long from, long to, long byteSize) {
    TransferBatch.Builder builder = TransferBatch.builder();
    assertRefused(
        ErrorCode.OUT_OF_BOUNDS, () -> builder.add(0, source, from, target, to, byteSize));
    assertRefused(ErrorCode.INVALID_ARGUMENT, builder::build).hasMessageContaining("none");
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 1, Integer.MIN_VALUE})
  void firstCopyIsOfBlockZero(int block) {
    assertRefused(
            ErrorCode.INVALID_ARGUMENT,
            () -> TransferBatch.builder().add(block, source, 0, target, 0, 1))
        .hasMessageContaining(Integer.toString(block));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 3, -1})
  void blocksFollowEachOther(int block) {
    TransferBatch.Builder builder =
        TransferBatch.builder().add(0, source, 0, target, 0, 1).add(1, source, 1, target, 1, 1);
    assertRefused(ErrorCode.INVALID_ARGUMENT, () -> builder.add(block, source, 2, target, 2, 1))
        .hasMessageContainingAll(Integer.toString(block), "1");
    assertThat(builder.build().size()).as("a refused copy is not kept").isEqualTo(2);
  }

  @Test
  void batchTakesOneRoute() {
    TransferBatch.Builder builder = TransferBatch.builder().add(0, source, 0, target, 0, 1);
    assertRefused(ErrorCode.INVALID_ARGUMENT, () -> builder.add(0, target, 0, target, 1, 1))
        .hasMessageContainingAll("system->pinned", "pinned->pinned");
    assertRefused(ErrorCode.INVALID_ARGUMENT, () -> builder.add(0, source, 0, source, 1, 1));
  }
}
