package io.kvbm.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.storage.Storage;
import io.kvbm.api.transfer.TransferBatch;
import io.kvbm.backend.cuda.CopyPlan.Step;
import io.kvbm.cuda.CudaStream.Rows;
import io.kvbm.testkit.HostStorage;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class CopyPlanTest {

  private static final long MAX_PITCH = 10_000;

  private final Storage source = new HostStorage(100_000);
  private final Storage target = new HostStorage(100_000);

  @AfterEach
  void close() {
    source.close();
    target.close();
  }

  private TransferBatch.Builder batch = TransferBatch.builder();

  private CopyPlanTest add(int block, long from, long to, long byteSize) {
    batch.add(block, source, from, target, to, byteSize);
    return this;
  }

  private List<Step> plan() {
    TransferBatch built = batch.build();
    CopyPlan plan = new CopyPlan(MAX_PITCH);
    for (int copy = 0; copy < built.size(); copy++) {
      plan.add(built, copy, built.sourceOffset(copy), built.targetOffset(copy));
    }
    return plan.steps();
  }

  @Test
  void copiesThatFollowEachOtherOnBothSidesAreOne() {
    add(0, 0, 500, 100).add(0, 100, 600, 50).add(1, 150, 650, 7);
    assertThat(plan()).containsExactly(new Step(new Rows(0, 157, 500, 157, 157, 1), 0, 1));
  }

  @Test
  void copiesAsLongAndAsFarApartAreRows() {
    add(0, 0, 0, 100).add(0, 1000, 150, 100).add(1, 2000, 300, 100).add(1, 3000, 450, 100);
    assertThat(plan()).containsExactly(new Step(new Rows(0, 1000, 0, 150, 100, 4), 0, 1));
  }

  @Test
  void anotherLengthOrDistanceBeginsAnotherStep() {
    add(0, 0, 0, 100).add(0, 1000, 1000, 100).add(0, 2000, 2001, 100).add(0, 3000, 3001, 99);
    assertThat(plan())
        .containsExactly(
            new Step(new Rows(0, 1000, 0, 1000, 100, 2), 0, 0),
            new Step(new Rows(2000, 100, 2001, 100, 100, 1), 0, 0),
            new Step(new Rows(3000, 99, 3001, 99, 99, 1), 0, 0));
  }

  @Test
  void rowsGoForwardAndNoFurtherApartThanTheDeviceCanCopy() {
    add(0, 50_000, 0, 100).add(1, 40_000, 1000, 100).add(2, 40_000 + MAX_PITCH + 1, 3000, 100);
    assertThat(plan()).hasSize(3);
  }

  @Test
  void rowsThatOverlapAreCopiedOneByOne() {
    add(0, 0, 0, 100).add(1, 50, 1000, 100);
    assertThat(plan()).hasSize(2);
  }

  @Test
  void rowsAreOfOneStorage() {
    try (Storage other = new HostStorage(1000)) {
      add(0, 0, 0, 100);
      batch.add(1, other, 100, target, 100, 100);
      assertThat(plan()).hasSize(2);
    }
  }
}
