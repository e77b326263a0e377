package io.kvbm.core.transfer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.CallerException;
import io.kvbm.api.ConfigurationException;
import io.kvbm.api.CorruptionException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.layout.LayoutType;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.store.BlockStore;
import io.kvbm.api.store.BlockStoreFactory;
import io.kvbm.api.transfer.BlockOutcome;
import io.kvbm.api.transfer.Transport;
import io.kvbm.core.Platform;
import io.kvbm.testkit.HostStorage;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** Blocks into and out of the system backend's block store. */
class TransferKeyedTest {

  static final List<LayoutType> TYPES =
      List.of(
          LayoutType.FULLY_CONTIGUOUS,
          LayoutType.LAYER_SEPARATE_OUTER_CONTIGUOUS,
          LayoutType.LAYER_SEPARATE_BLOCK_CONTIGUOUS,
          LayoutType.PAGED);

  private static final long BLOCK_BYTES = TestBlocks.SHAPE.blockByteSize();
  private static final BlockOutcome DONE = new BlockOutcome.Done(BLOCK_BYTES);
  private static final long GENERATION = 7;

  private Platform platform;
  private BlockStore store;

  @BeforeEach
  void open() {
    platform = Platform.load();
    store = openStore(BLOCK_BYTES);
  }

  @AfterEach
  void close() {
    store.close();
    platform.close();
  }

  private BlockStore openStore(long slotByteSize) {
    return platform
        .blockStore("system", BackendConfig.empty())
        .open(new BlockStoreFactory.Spec(16, slotByteSize, 1));
  }

  private static BlockKey key(int slot) {
    return BlockKey.derived(1000 + slot);
  }

  /** A block into a slot of the store, or out of one. */
  private static BlockMove write(int sourceSlot, int storeSlot) {
    return new BlockMove(sourceSlot, storeSlot, key(storeSlot), null, 0, GENERATION, 3);
  }

  private static BlockMove read(int storeSlot, int targetSlot) {
    return new BlockMove(storeSlot, targetSlot, key(storeSlot), null, GENERATION, 0, 0);
  }

  private BlockPlace keyed() {
    return new BlockPlace.Keyed(store, TestBlocks.SHAPE, "system");
  }

  private static List<BlockOutcome> move(
      TransferEngine engine, BlockPlace source, BlockPlace target, BlockMove... moves) {
    return engine.submit(source, target, List.of(moves), TransferOptions.DEFAULT).await();
  }

  @ParameterizedTest
  @FieldSource("TYPES")
  void anyArrangementIsGatheredAndScattered(LayoutType type) {
    for (LayoutType other : TYPES) {
      try (TestBlocks source = TestBlocks.of(type, TestBlocks.SHAPE, HostStorage::new);
          TestBlocks target = TestBlocks.of(other, TestBlocks.SHAPE, HostStorage::new)) {
        source.fillAll(21);
        target.guardAll();
        TransferEngine engine = platform.transfers();
        assertThat(move(engine, source.place(), keyed(), write(1, 9), write(2, 4), write(6, 15)))
            .containsOnly(DONE);
        assertThat(move(engine, keyed(), target.place(), read(15, 0), read(9, 3), read(4, 5)))
            .containsOnly(DONE);
        target.verify(0, 6021);
        target.verify(3, 1021);
        target.verify(5, 2021);
        List.of(1, 2, 4, 6, 7).forEach(target::verifyGuard);
        List.of(9, 4, 15).forEach(slot -> store.invalidate(slot, GENERATION));
      }
    }
  }

  @Test
  void oneBlockThatIsNotThereFailsAlone() {
    try (TestBlocks source = TestBlocks.host();
        TestBlocks target = TestBlocks.host()) {
      source.fillAll(1);
      TransferEngine engine = platform.transfers();
      move(engine, source.place(), keyed(), write(0, 0), write(1, 1));
      BlockMove otherKey = new BlockMove(1, 1, key(5), null, GENERATION, 0, 0);
      List<BlockOutcome> outcomes =
          move(engine, keyed(), target.place(), read(0, 0), otherKey, read(2, 2));
      assertThat(outcomes.getFirst()).isEqualTo(DONE);
      assertThat(((BlockOutcome.Failed) outcomes.get(1)).cause())
          .isInstanceOf(CorruptionException.class);
      assertThat(((BlockOutcome.Failed) outcomes.get(2)).cause().code())
          .isEqualTo(ErrorCode.NOT_FOUND);
      target.verify(0, 1);
    }
  }

  @Test
  void storeToStoreGoesByHostMemory() {
    try (TestBlocks blocks = TestBlocks.host();
        BlockStore other = openStore(BLOCK_BYTES)) {
      blocks.fillAll(1);
      TransferEngine engine = platform.transfers();
      move(engine, blocks.place(), keyed(), write(3, 3), write(4, 4));
      BlockPlace second = new BlockPlace.Keyed(other, TestBlocks.SHAPE);
      BlockMove across = new BlockMove(3, 8, key(3), null, GENERATION, 1, 0);
      BlockMove missing = new BlockMove(11, 9, key(11), null, GENERATION, 1, 0);
      List<BlockOutcome> outcomes = move(engine, keyed(), second, across, missing);
      assertThat(outcomes.getFirst()).isEqualTo(DONE);
      assertThat(outcomes.get(1).isDone()).isFalse();
      blocks.guardAll();
      BlockMove back = new BlockMove(8, 0, key(3), null, 1, 0, 0);
      assertThat(move(engine, second, blocks.place(), back)).containsExactly(DONE);
      blocks.verify(0, 3001);
    }
  }

  @Test
  void farMemoryGoesByHostMemory() {
    Transport transport = HeldTransport.inline("cxl->system", "system->cxl");
    TransferLimits small = new TransferLimits(100, 1 << 20, 2, 4, 2 * BLOCK_BYTES);
    try (TestEnvironment environment = new TestEnvironment(transport);
        TransferEngine engine = environment.engine(small);
        TestBlocks source = TestBlocks.far();
        TestBlocks target = TestBlocks.far()) {
      source.fillAll(2);
      target.guardAll();
      assertThat(move(engine, source.place(), keyed(), write(0, 0), write(1, 1), write(2, 2)))
          .containsOnly(DONE);
      assertThat(move(engine, keyed(), target.place(), read(2, 0), read(0, 1), read(1, 2)))
          .containsOnly(DONE);
      target.verify(0, 2002);
      target.verify(1, 2);
      target.verify(2, 1002);
      target.verifyGuard(3);
      assertThat(environment.counted("kvbm.transfer.blocks", "cxl->system")).isEqualTo(3);
    }
  }

  @Test
  void farMemoryWithoutATransportHasNoRoute() {
    try (TestEnvironment environment = new TestEnvironment();
        TransferEngine engine = environment.engine();
        TestBlocks source = TestBlocks.far()) {
      assertThatThrownBy(() -> move(engine, source.place(), keyed(), write(0, 0)))
          .isInstanceOf(CallerException.class)
          .hasMessageContaining("from cxl to the block store")
          .extracting(e -> ((KvbmException) e).code())
          .isEqualTo(ErrorCode.NO_ROUTE);
    }
  }

  @Test
  void whatCannotBeKeptUnderAKeyIsRefused() {
    try (TestBlocks source = TestBlocks.host();
        BlockStore narrow = openStore(BLOCK_BYTES - 1)) {
      TransferEngine engine = platform.transfers();
      assertThatThrownBy(() -> move(engine, source.place(), keyed(), BlockMove.of(0, 0)))
          .isInstanceOf(CallerException.class)
          .hasMessageContaining("has no key");
      assertThatThrownBy(() -> move(engine, source.place(), keyed(), write(0, 16)))
          .isInstanceOf(CallerException.class)
          .hasMessageContaining("target slot 16");
      assertThatThrownBy(
              () ->
                  engine.submit(
                      source.place(),
                      keyed(),
                      List.of(write(0, 0)),
                      TransferOptions.DEFAULT.withLayers(LayerRange.of(1))))
          .isInstanceOf(CallerException.class)
          .hasMessageContaining("whole");
      assertThatThrownBy(
              () ->
                  move(
                      engine,
                      source.place(),
                      new BlockPlace.Keyed(narrow, TestBlocks.SHAPE),
                      write(0, 0)))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContaining("do not fit");
    }
  }
}
