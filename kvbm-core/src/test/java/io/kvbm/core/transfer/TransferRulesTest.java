package io.kvbm.core.transfer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.CallerException;
import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.layout.DType;
import io.kvbm.api.layout.LayoutConfig;
import io.kvbm.api.layout.LayoutType;
import io.kvbm.testkit.HostStorage;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What is refused before a byte moves. */
class TransferRulesTest {

  private final HeldTransport transport = HeldTransport.inline("system->system");
  private final TestEnvironment environment = new TestEnvironment(transport);
  private final TransferEngine engine = environment.engine();
  private final TestBlocks source = TestBlocks.host();
  private final TestBlocks target = TestBlocks.host();

  @AfterEach
  void closeAll() {
    engine.close();
    source.close();
    target.close();
    environment.close();
  }

  private void assertRefused(ErrorCode code, String text, ThrowingCallable call) {
    target.guardAll();
    assertThatThrownBy(call)
        .hasMessageContaining(text)
        .extracting(e -> ((KvbmException) e).code())
        .isEqualTo(code);
    for (int slot = 0; slot < TestBlocks.SHAPE.numBlocks(); slot++) {
      target.verifyGuard(slot);
    }
  }

  private ThrowingCallable submitting(BlockMove... moves) {
    return () ->
        engine.submit(source.place(), target.place(), List.of(moves), TransferOptions.DEFAULT);
  }

  @Test
  void shapesMustAgree() {
    LayoutConfig shape = TestBlocks.SHAPE;
    List<LayoutConfig> others =
        List.of(
            shape.toBuilder().numLayers(4).build(),
            shape.toBuilder().outerDim(1).build(),
            shape.toBuilder().pageSize(8).build(),
            shape.toBuilder().innerDim(10).build(),
            shape.toBuilder().dtype(DType.FP8).build());
    for (LayoutConfig other : others) {
      try (TestBlocks odd = TestBlocks.of(LayoutType.FULLY_CONTIGUOUS, other, HostStorage::new)) {
        assertThatThrownBy(
                () ->
                    engine.submit(
                        odd.place(),
                        target.place(),
                        List.of(BlockMove.of(0, 0)),
                        TransferOptions.DEFAULT))
            .isInstanceOf(ConfigurationException.class)
            .hasMessageContaining("cannot be moved");
      }
    }
  }

  @Test
  void case55_targetSlotsMustDiffer() {
    assertRefused(
        ErrorCode.INVALID_ARGUMENT,
        "target slot 3",
        submitting(BlockMove.of(0, 3), BlockMove.of(1, 2), BlockMove.of(2, 3)));
  }

  @Test
  void case55_slotsMustExist() {
    assertRefused(ErrorCode.INVALID_BLOCK_INDEX, "source slot 8", submitting(BlockMove.of(8, 0)));
    assertRefused(ErrorCode.INVALID_BLOCK_INDEX, "target slot 8", submitting(BlockMove.of(0, 8)));
    assertRefused(ErrorCode.INVALID_BLOCK_INDEX, "source slot -1", submitting(BlockMove.of(-1, 0)));
  }

  @Test
  void case55_oneLayoutIsNotReadAndWrittenInOneSlot() {
    assertRefused(
        ErrorCode.INVALID_ARGUMENT,
        "slot 1 is both read and written",
        () ->
            engine.submit(
                target.place(),
                target.place(),
                List.of(BlockMove.of(0, 1), BlockMove.of(1, 2)),
                TransferOptions.DEFAULT));
    source.fill(0, 9);
    engine
        .submit(
            source.place(), source.place(), List.of(BlockMove.of(0, 1)), TransferOptions.DEFAULT)
        .await();
    source.verify(1, 9);
  }

  @Test
  void layersMustExist() {
    for (LayerRange range : List.of(LayerRange.of(3), new LayerRange(0, 4))) {
      assertRefused(
          ErrorCode.INVALID_LAYER_INDEX,
          "layers",
          () ->
              engine.submit(
                  source.place(),
                  target.place(),
                  List.of(BlockMove.of(0, 0)),
                  TransferOptions.DEFAULT.withLayers(range)));
    }
    assertThatThrownBy(() -> new LayerRange(2, 2)).isInstanceOf(CallerException.class);
  }

  @Test
  void nothingToMoveIsDoneAtOnce() {
    assertThat(
            engine
                .submit(source.place(), target.place(), List.of(), TransferOptions.DEFAULT)
                .await())
        .isEmpty();
  }

  @Test
  void copiesStayInTheirStorages() {
    try (HostStorage small = new HostStorage(100);
        HostStorage large = new HostStorage(1000)) {
      assertThatThrownBy(() -> engine.copy(small, 1, large, 0, 100))
          .isInstanceOf(CallerException.class)
          .hasMessageContaining("of 100 bytes");
      assertThatThrownBy(() -> engine.copy(large, 0, small, 0, 101))
          .isInstanceOf(CallerException.class);
      assertThatThrownBy(() -> engine.copy(large, 0, small, 0, -1))
          .isInstanceOf(CallerException.class);
      assertThatThrownBy(() -> engine.copy(large, 0, large, 99, 100))
          .isInstanceOf(CallerException.class)
          .hasMessageContaining("overlap");
      assertThat(engine.copy(large, 0, large, 100, 100)).isEqualTo(100);
    }
  }

  @Test
  void limitsAreChecked() {
    assertThatThrownBy(() -> new TransferLimits(0, 1, 1, 1, 2))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("maxQueuedBlocks");
    assertThatThrownBy(() -> new TransferLimits(1, 1, 1, 1, 1))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("bounceByteSize must be at least 2");
  }
}
