package io.kvbm.core.pool;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.BlockMetadata;
import io.kvbm.api.block.BlockViewMut;
import io.kvbm.api.block.CompleteBlock;
import io.kvbm.api.block.LayerViewMut;
import io.kvbm.api.block.MutableBlock;
import io.kvbm.api.block.SequenceHash;
import io.kvbm.api.hash.CacheSalt;
import io.kvbm.api.hash.HashScheme;
import io.kvbm.api.hash.TokenSpan;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A block being filled. The token array is made when tokens come; callers who know the key need
 * none.
 */
final class FillingBlock extends PooledBlock implements MutableBlock, Registrable {

  static final int[] NO_TOKENS = {};

  private @Nullable CacheSalt salt;
  private @Nullable BlockKey parent;
  private int position;
  private int[] tokens = NO_TOKENS;
  private int tokenCount;
  private @Nullable BlockKey key;

  FillingBlock(BlockPool pool, Slot slot) {
    super(pool, slot);
  }

  @Override
  ErrorCode endedCode() {
    return ErrorCode.INVALID_MUTABLE_BLOCK;
  }

  @Override
  public PooledBlock handle() {
    return this;
  }

  @Override
  public Optional<BlockKey> knownKey() {
    return Optional.ofNullable(key);
  }

  @Override
  public @Nullable BlockKey knownParent() {
    return parent;
  }

  @Override
  public int[] knownTokens() {
    return tokens;
  }

  @Override
  public void initSequence(CacheSalt salt) {
    start(salt, null, 0);
  }

  @Override
  public void initSequence(CacheSalt salt, BlockKey parent, int position) {
    Objects.requireNonNull(parent, "parent");
    if (position < 1) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "a block with a parent has a position above 0, got " + position);
    }
    start(salt, parent, position);
  }

  private void start(CacheSalt salt, @Nullable BlockKey parent, int position) {
    requireOpen();
    if (tokenCount > 0 || key != null) {
      throw invalidState("has " + tokenCount + " tokens already; reset it before a new sequence");
    }
    this.salt = Objects.requireNonNull(salt, "salt");
    this.parent = parent;
    this.position = position;
  }

  @Override
  public int[] addTokens(int... added) {
    requireOpen();
    requireSequence();
    int room = pageSize() - tokenCount;
    if (key != null || room == 0) {
      throw invalidState("is full with " + tokenCount + " tokens");
    }
    if (tokens.length == 0) {
      tokens = new int[pageSize()];
    }
    int taken = Math.min(room, added.length);
    System.arraycopy(added, 0, tokens, tokenCount, taken);
    tokenCount += taken;
    return taken == added.length ? NO_TOKENS : Arrays.copyOfRange(added, taken, added.length);
  }

  @Override
  public void popTokens(int count) {
    requireOpen();
    requireSequence();
    if (key != null) {
      throw invalidState("is complete; its tokens are fixed");
    }
    if (count < 0 || count > tokenCount) {
      throw invalidState("holds " + tokenCount + " tokens, cannot take back " + count);
    }
    tokenCount -= count;
  }

  @Override
  public int tokenCount() {
    requireOpen();
    return tokenCount;
  }

  @Override
  public boolean isComplete() {
    requireOpen();
    return key != null;
  }

  @Override
  public void markComplete() {
    requireOpen();
    if (key != null) {
      return;
    }
    if (salt == null || tokenCount < pageSize()) {
      throw new CallerException(
          ErrorCode.BLOCK_NOT_COMPLETE,
          "block %d holds %d of %d tokens; add the rest before completing it"
              .formatted(slot.id, tokenCount, pageSize()));
    }
    HashScheme scheme = pool.hashScheme();
    TokenSpan span = new TokenSpan(tokens, 0, tokenCount, position, List.of());
    long saltHash = scheme.saltHash(salt);
    key = parent == null ? scheme.first(saltHash, span) : scheme.next(saltHash, parent, span);
  }

  @Override
  public SequenceHash sequenceHash() {
    requireOpen();
    if (key == null) {
      throw new CallerException(
          ErrorCode.BLOCK_NOT_COMPLETE,
          "block %d has no hash before it is complete: %d of %d tokens"
              .formatted(slot.id, tokenCount, pageSize()));
    }
    return pool.hashScheme().sequenceHash(key);
  }

  @Override
  public CompleteBlock complete(BlockKey key, @Nullable BlockKey parent) {
    Objects.requireNonNull(key, "key");
    requireOpen();
    if (salt != null || this.key != null) {
      throw invalidState("computes its key from tokens; complete it without one");
    }
    pool.consume(this);
    return pool.stagedHandle(slot, key, parent, NO_TOKENS);
  }

  @Override
  public CompleteBlock complete() {
    markComplete();
    BlockKey computed = Objects.requireNonNull(key);
    pool.consume(this);
    return pool.stagedHandle(slot, computed, parent, tokens);
  }

  @Override
  public void setMetadata(BlockMetadata metadata) {
    requireOpen();
    slot.metadata = Objects.requireNonNull(metadata, "metadata");
  }

  @Override
  public LayerViewMut layerViewMut(int layer, int outer) {
    requireOpen();
    return pool.bytes().layerView(slot.id, layer, outer, LayerViewMut::new);
  }

  @Override
  public BlockViewMut blockViewMut() {
    requireOpen();
    return pool.bytes().blockView(slot.id, BlockViewMut::new);
  }

  @Override
  public void close() {
    if (tryEnd()) {
      pool.discard(slot);
    }
  }

  @Override
  public String toString() {
    return "mutable block " + slot.id + " of pool " + pool.name() + (isOpen() ? "" : " (closed)");
  }

  private void requireSequence() {
    if (salt == null) {
      throw invalidState("has no sequence; call initSequence first");
    }
  }

  private CallerException invalidState(String what) {
    return new CallerException(ErrorCode.BLOCK_STATE_INVALID, "block " + slot.id + " " + what);
  }
}
