package io.kvbm.core.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.block.CompleteBlock;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.block.MutableBlock;
import io.kvbm.api.block.SequenceHash;
import io.kvbm.api.hash.CacheSalt;
import java.util.List;
import org.assertj.core.api.AbstractThrowableAssert;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(FailOnLeak.class)
class MutableBlockTest {

  private static final CacheSalt SALT = CacheSalt.ofHash(1337);

  private final BlockPool pool = Pools.ofSize(4);
  private final MutableBlock block = pool.allocateBlocks(1).getFirst();

  @AfterEach
  void everyBlockIsBack() {
    block.close();
    assertThat(pool.availableBlocks()).isEqualTo(4);
  }

  @Test
  void case09_tokensNeedASequence() {
    refused(ErrorCode.BLOCK_STATE_INVALID, () -> block.addTokens(1));
    refused(ErrorCode.BLOCK_STATE_INVALID, () -> block.popTokens(1));
    refused(ErrorCode.BLOCK_NOT_COMPLETE, block::markComplete);
    refused(ErrorCode.BLOCK_NOT_COMPLETE, block::sequenceHash);
  }

  @Test
  void case09_aBlockThatCountsTokensTakesNoForeignKey() {
    block.initSequence(SALT);
    refused(ErrorCode.BLOCK_STATE_INVALID, () -> block.complete(Pools.key(1), null));
    assertThat(block.isComplete()).isFalse();
  }

  @Test
  void case09_tokensBeyondTheBlockAreHandedBack() {
    block.initSequence(SALT);
    assertThat(block.addTokens(1, 2, 3)).isEmpty();
    assertThat(block.addTokens(4, 5)).containsExactly(5);
    refused(ErrorCode.BLOCK_STATE_INVALID, () -> block.addTokens(6));
    block.popTokens(1);
    block.popTokens(2);
    assertThat(block.tokenCount()).isEqualTo(1);
    refused(ErrorCode.BLOCK_STATE_INVALID, () -> block.popTokens(2));
    refused(ErrorCode.BLOCK_STATE_INVALID, () -> block.popTokens(-1));
    assertThat(block.tokenCount()).isEqualTo(1);
  }

  @Test
  void case09_aPartialBlockDoesNotComplete() {
    block.initSequence(SALT);
    block.addTokens(1, 2, 3);
    refused(ErrorCode.BLOCK_NOT_COMPLETE, block::markComplete);
    refused(ErrorCode.BLOCK_NOT_COMPLETE, block::complete);
    block.addTokens(4);
    block.markComplete();
    assertThat(block.isComplete()).isTrue();
    refused(ErrorCode.BLOCK_STATE_INVALID, () -> block.popTokens(1));
    refused(ErrorCode.BLOCK_STATE_INVALID, () -> block.initSequence(SALT));
  }

  @Test
  void theHashIsThatOfTheTokens() {
    block.initSequence(SALT);
    block.addTokens(1, 2, 3, 4);
    block.markComplete();
    assertThat(block.sequenceHash())
        .isEqualTo(new SequenceHash(Long.parseUnsignedLong("14643705804678351452")));
    try (MutableBlock second = pool.allocateBlocks(1).getFirst()) {
      try (CompleteBlock first = block.complete()) {
        second.initSequence(SALT, first.key(), 1);
        second.addTokens(5, 6, 7, 8);
        second.markComplete();
        assertThat(second.sequenceHash())
            .isEqualTo(new SequenceHash(Long.parseUnsignedLong("4945711292740353085")));
      }
    }
  }

  @Test
  void aTransitionConsumesItsReceiver() {
    CompleteBlock complete = block.complete(Pools.key(1), null);
    refused(ErrorCode.INVALID_MUTABLE_BLOCK, block::isComplete);
    refused(ErrorCode.INVALID_MUTABLE_BLOCK, () -> block.complete(Pools.key(1), null));
    refused(ErrorCode.INVALID_MUTABLE_BLOCK, () -> pool.registerBlocks(List.of(block)));
    block.close();
    assertThat(pool.availableBlocks()).as("close of a consumed block does nothing").isEqualTo(3);
    ImmutableBlock registered = complete.register();
    refused(ErrorCode.INVALID_MUTABLE_BLOCK, complete::key);
    complete.close();
    assertThat(pool.availableBlocks()).isEqualTo(3);
    registered.close();
    registered.close();
    refused(ErrorCode.BLOCK_STATE_INVALID, registered::key);
  }

  @Test
  void anIncompleteBlockGivenToRegisterStaysWithTheCaller() {
    block.initSequence(SALT);
    block.addTokens(1, 2);
    MutableBlock whole = pool.allocateBlocks(1).getFirst();
    whole.initSequence(SALT);
    whole.addTokens(1, 2, 3, 4);
    whole.markComplete();
    refused(ErrorCode.BLOCK_NOT_COMPLETE, () -> pool.registerBlocks(List.of(whole, block)));
    assertThat(block.addTokens(3, 4)).isEmpty();
    assertThat(whole.isComplete()).isTrue();
    whole.close();
  }

  @Test
  void aBlockGivenTwiceSpoilsTheBatch() {
    CompleteBlock one = block.complete(Pools.key(1), null);
    refused(ErrorCode.INVALID_MUTABLE_BLOCK, () -> pool.registerBlocks(List.of(one, one)));
    assertThat(one.key()).isEqualTo(Pools.key(1));
    one.close();
  }

  @Test
  void aBlockOfAnotherPoolIsRefused() {
    BlockPool other = Pools.ofSize(1);
    CompleteBlock foreign = other.allocateBlocks(1).getFirst().complete(Pools.key(1), null);
    refused(ErrorCode.INVALID_MUTABLE_BLOCK, () -> pool.registerBlocks(List.of(foreign)));
    foreign.close();
    assertThat(other.availableBlocks()).isEqualTo(1);
  }

  @Test
  void aCompleteBlockCanBeFilledAnew() {
    CompleteBlock complete = block.complete(Pools.key(1), null);
    MutableBlock again = complete.reset();
    assertThat(again.blockId()).isEqualTo(0);
    assertThat(again.isComplete()).isFalse();
    again.close();
  }

  @Test
  void logicalBlocksHaveNoViews() {
    refused(ErrorCode.VIEWS_NOT_AVAILABLE_ON_LOGICAL_BLOCKS, () -> block.layerView(0, 0));
    refused(ErrorCode.VIEWS_NOT_AVAILABLE_ON_LOGICAL_BLOCKS, block::blockView);
    refused(ErrorCode.VIEWS_NOT_AVAILABLE_ON_LOGICAL_BLOCKS, block::blockViewMut);
  }

  private static AbstractThrowableAssert<?, ?> refused(ErrorCode code, ThrowingCallable call) {
    return assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            KvbmException.class, error -> assertThat(error.code()).isEqualTo(code));
  }
}
