package io.kvbm.core.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.block.BlockDescriptor;
import io.kvbm.api.block.BlockDescriptorList;
import io.kvbm.api.block.MutableBlock;
import io.kvbm.api.block.RemoteBlock;
import io.kvbm.api.block.SerializedBlockSet;
import io.kvbm.api.storage.Region;
import io.kvbm.api.transfer.BlockOutcome;
import io.kvbm.api.transfer.TransferHandle;
import io.kvbm.core.pool.BlockPool;
import io.kvbm.core.tier.TestTiers;
import io.kvbm.core.transfer.TransferOptions;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
@SuppressWarnings("try") // closing may wait
class BlockSetTest {

  private static final SharingOptions ALONE = SharingOptions.DEFAULT;

  private static void assertRefused(
      SharingWorld.Worker worker, byte[] bytes, ErrorCode code, String text) {
    assertThatThrownBy(() -> worker.manager().importRemoteBlockset(new SerializedBlockSet(bytes)))
        .isInstanceOfSatisfying(KvbmException.class, e -> assertThat(e.code()).isEqualTo(code))
        .hasMessageContaining(text);
  }

  @Test
  void case34_aBlockSetComesBackAsItWasExported() throws Exception {
    try (SharingWorld world = new SharingWorld()) {
      SharingWorld.Worker one = world.worker(1, 4, ALONE);
      BlockSet set = one.sharing().blockSet();
      assertThat(BlockSet.of(one.manager().exportLocalBlockset())).isEqualTo(set);
      assertThat(set.parts()).singleElement().matches(part -> part.slots() == 4);
      assertThat(set.toJson())
          .startsWith("{\"version\":1,\"agent\":{\"name\":\"kvbm-1\"")
          .contains("\"workerId\":1", "\"blocks\":4", "\"layout\":\"fully-contiguous\"");
    }
  }

  @Test
  void case34_aBlockSetThatDoesNotFitIsRefused() throws Exception {
    try (SharingWorld world = new SharingWorld()) {
      SharingWorld.Worker one = world.worker(1, 4, ALONE);
      SharingWorld.Worker two = world.worker(2, 4, ALONE);
      SharingWorld.Worker other =
          world.worker(3, ALONE, "other", c -> c.deviceLayout(world.system(2)));
      byte[] good = one.manager().exportLocalBlockset().bytes();
      byte[] version = good.clone();
      version[4] = (byte) 231;
      version[5] = 3; // 999
      assertRefused(two, version, ErrorCode.INVALID_CONFIG, "version 999");
      for (int length = 0; length < good.length; length++) {
        assertRefused(two, Arrays.copyOf(good, length), ErrorCode.CORRUPT, "");
      }
      for (int at = 8; at < good.length; at++) {
        byte[] damaged = good.clone();
        damaged[at] ^= 4;
        assertRefused(two, damaged, ErrorCode.CORRUPT, "");
      }
      assertRefused(one, good, ErrorCode.INVALID_ARGUMENT, "its own block set");
      assertRefused(other, good, ErrorCode.INVALID_CONFIG, "fingerprint");
      two.manager().importRemoteBlockset(new SerializedBlockSet(good));
      assertRefused(two, good, ErrorCode.INVALID_ARGUMENT, "imported already");
      one.close();
      SharingWorld.Worker again = world.worker(1, 4, ALONE);
      assertRefused(two, good, ErrorCode.DISCONNECTED, "kvbm-1");
      two.manager().importRemoteBlockset(again.manager().exportLocalBlockset());
    }
  }

  private static List<RemoteBlock> remote(SharingWorld.Worker at, boolean mutable, int... slots) {
    BlockDescriptorList list =
        new BlockDescriptorList(
            Arrays.stream(slots).mapToObj(slot -> new BlockDescriptor(1, 0, slot)).toList());
    return mutable
        ? at.manager().getRemoteBlocksMutable(list)
        : at.manager().getRemoteBlocksImmutable(list);
  }

  @Test
  void blocksOfAnotherWorkerAreReadAndWritten() throws Exception {
    try (SharingWorld world = new SharingWorld()) {
      SharingWorld.Worker one = world.worker(1, 4, ALONE.withWritable(true));
      SharingWorld.Worker two = world.worker(2, 4, ALONE);
      List<MutableBlock> theirs = one.manager().device().orElseThrow().allocateBlocks(2);
      TestTiers.fill(theirs.get(0), TestTiers.key(7));
      two.manager().importRemoteBlockset(one.manager().exportLocalBlockset());
      List<MutableBlock> ours = two.manager().device().orElseThrow().allocateBlocks(1);
      List<RemoteBlock> source = remote(two, false, theirs.get(0).blockId());
      assertThat(source.getFirst().layout().region(0, 0, 0))
          .isInstanceOf(Region.RemoteRegion.class);
      List<BlockOutcome> read =
          two.manager().readRemoteBlocks(source, ours, TransferOptions.DEFAULT).await();
      assertThat(read).allMatch(BlockOutcome::isDone);
      try (var block = ours.getFirst().complete(TestTiers.key(7), null).register()) {
        TestTiers.verify(block);
        List<BlockOutcome> written =
            two.manager()
                .writeRemoteBlocks(
                    List.of(block),
                    remote(two, true, theirs.get(1).blockId()),
                    TransferOptions.DEFAULT)
                .await();
        assertThat(written).allMatch(BlockOutcome::isDone);
        assertThat(theirs.get(1).blockView().segment().mismatch(block.blockView().segment()))
            .isEqualTo(-1);
      }
      BlockPool.closeAll(theirs);
    }
  }

  @Test
  void whatIsNotWritableOrNotThereIsRefused() throws Exception {
    try (SharingWorld world = new SharingWorld()) {
      SharingWorld.Worker one = world.worker(1, 4, ALONE);
      SharingWorld.Worker two = world.worker(2, 4, ALONE);
      assertThatThrownBy(() -> remote(two, false, 0))
          .matches(e -> ((KvbmException) e).code() == ErrorCode.NOT_FOUND);
      two.manager().importRemoteBlockset(one.manager().exportLocalBlockset());
      assertThatThrownBy(() -> remote(two, true, 0))
          .matches(e -> ((KvbmException) e).code() == ErrorCode.NOT_ALLOWED);
      assertThatThrownBy(() -> remote(two, false, 4))
          .matches(e -> ((KvbmException) e).code() == ErrorCode.INVALID_BLOCK_INDEX);
      one.close();
      assertThatThrownBy(() -> remote(two, false, 0))
          .matches(e -> ((KvbmException) e).code() == ErrorCode.DISCONNECTED);
    }
  }

  @Test
  void aReadThatIsCancelledEndsWhenNothingMovesAnyMore() throws Exception {
    try (SharingWorld world = new SharingWorld()) {
      SharingWorld.Worker one = world.worker(1, 4, ALONE);
      SharingWorld.Worker two = world.worker(2, 4, ALONE);
      two.manager().importRemoteBlockset(one.manager().exportLocalBlockset());
      List<MutableBlock> ours = two.manager().device().orElseThrow().allocateBlocks(2);
      world.agents.holds = true;
      TransferHandle handle =
          two.manager().readRemoteBlocks(remote(two, false, 0, 1), ours, TransferOptions.DEFAULT);
      TestTiers.await(() -> world.agents.heldCount() == 1);
      handle.cancel();
      assertThat(handle.outcomes().toCompletableFuture()).isNotDone();
      world.agents.release();
      assertThat(handle.await()).hasSize(2);
      BlockPool.closeAll(ours);
    }
  }
}
