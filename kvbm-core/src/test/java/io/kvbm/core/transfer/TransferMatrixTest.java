package io.kvbm.core.transfer;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.layout.LayoutType;
import io.kvbm.api.transfer.BlockOutcome;
import io.kvbm.core.Platform;
import io.kvbm.testkit.HostStorage;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every arrangement to every other, with the system backend's own transport. */
class TransferMatrixTest {

  private static final List<LayoutType> TYPES =
      List.of(
          LayoutType.FULLY_CONTIGUOUS,
          LayoutType.LAYER_SEPARATE_OUTER_CONTIGUOUS,
          LayoutType.LAYER_SEPARATE_BLOCK_CONTIGUOUS,
          LayoutType.PAGED);
  private static final List<BlockMove> MOVES =
      List.of(BlockMove.of(0, 5), BlockMove.of(1, 6), BlockMove.of(7, 1), BlockMove.of(3, 3));
  private static final List<Integer> UNTOUCHED = List.of(0, 2, 4, 7);
  private static final long BLOCK_BYTES = TestBlocks.SHAPE.blockByteSize();

  private static Platform platform;

  @BeforeAll
  static void load() {
    platform = Platform.load();
  }

  @AfterAll
  static void close() {
    platform.close();
  }

  static Stream<Arguments> pairs() {
    return TYPES.stream()
        .flatMap(
            source ->
                TYPES.stream()
                    .flatMap(
                        target ->
                            Stream.of(1L, 256L).map(align -> Arguments.of(source, target, align))));
  }

  private static TestBlocks blocks(LayoutType type, long alignment) {
    return TestBlocks.of(
        type, TestBlocks.SHAPE.toBuilder().alignment(alignment).build(), HostStorage::new);
  }

  @ParameterizedTest
  @MethodSource("pairs")
  void wholeBlocksArriveAndTheirNeighboursStay(
      LayoutType sourceType, LayoutType targetType, long alignment) {
    try (TestBlocks source = blocks(sourceType, 1);
        TestBlocks target = blocks(targetType, alignment)) {
      source.fillAll(7);
      target.guardAll();
      List<BlockOutcome> outcomes =
          platform
              .transfers()
              .submit(source.place(), target.place(), MOVES, TransferOptions.DEFAULT)
              .await();
      assertThat(outcomes).containsOnly(new BlockOutcome.Done(BLOCK_BYTES)).hasSize(MOVES.size());
      for (BlockMove move : MOVES) {
        target.verify(move.targetSlot(), 7 + 1000L * move.sourceSlot());
      }
      UNTOUCHED.forEach(target::verifyGuard);
    }
  }

  @ParameterizedTest
  @MethodSource("pairs")
  void layersOneByOneMakeTheWhole(LayoutType sourceType, LayoutType targetType, long alignment) {
    try (TestBlocks source = blocks(sourceType, alignment);
        TestBlocks target = blocks(targetType, 1)) {
      source.fillAll(3);
      target.guardAll();
      int layers = TestBlocks.SHAPE.numLayers();
      for (int layer = 0; layer < layers; layer++) {
        List<BlockOutcome> outcomes =
            platform
                .transfers()
                .submit(
                    source.place(),
                    target.place(),
                    MOVES,
                    TransferOptions.DEFAULT.withLayers(LayerRange.of(layer)))
                .await();
        assertThat(outcomes).containsOnly(new BlockOutcome.Done(BLOCK_BYTES / layers));
        for (BlockMove move : MOVES) {
          target.verifyLayer(move.targetSlot(), layer, 3 + 1000L * move.sourceSlot());
          for (int later = layer + 1; later < layers; later++) {
            target.verifyGuardLayer(move.targetSlot(), later);
          }
        }
      }
      for (BlockMove move : MOVES) {
        target.verify(move.targetSlot(), 3 + 1000L * move.sourceSlot());
      }
      UNTOUCHED.forEach(target::verifyGuard);
    }
  }

  @Test
  void nullStorageNeedsNoHostMemoryToGoBy() {
    try (TestBlocks source = TestBlocks.host();
        TestBlocks empty =
            TestBlocks.of(
                LayoutType.FULLY_CONTIGUOUS,
                TestBlocks.SHAPE,
                size -> platform.allocator("null").allocate(size))) {
      source.fillAll(1);
      List<BlockMove> moves = List.of(BlockMove.of(2, 3));
      TransferEngine engine = platform.transfers();
      assertThat(
              engine.submit(source.place(), empty.place(), moves, TransferOptions.DEFAULT).await())
          .containsExactly(new BlockOutcome.Done(BLOCK_BYTES));
      assertThat(
              engine.submit(empty.place(), source.place(), moves, TransferOptions.DEFAULT).await())
          .containsExactly(new BlockOutcome.Done(BLOCK_BYTES));
      source.verify(2, 2001);
      assertThat(
              source
                  .storages()
                  .getFirst()
                  .view()
                  .asSlice(3 * BLOCK_BYTES, BLOCK_BYTES)
                  .toArray(ValueLayout.JAVA_BYTE))
          .containsOnly((byte) 0);
    }
  }
}
