package io.kvbm.core.tokens;

import io.kvbm.api.CallerException;
import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.hash.CacheSalt;
import io.kvbm.api.hash.HashScheme;
import io.kvbm.api.hash.MultimodalRun;
import io.kvbm.api.hash.TokenSpan;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * A growing and shrinking sequence of tokens, cut into blocks. A block is hashed when its last
 * token arrives; the partial tail never is. However the tokens arrive, the blocks are the same.
 *
 * <p>Threading: for one thread at a time. A failed call changes nothing.
 */
public final class TokenBlockSequence {

  /** The most tokens in a block. */
  public static final int MAX_BLOCK_SIZE = 1024;

  private final int blockSize;
  private final HashScheme scheme;
  private final long saltHash;
  private final List<TokenBlock> blocks = new ArrayList<>();
  private final MultimodalRuns runs = new MultimodalRuns();
  private int[] tail;
  private int tailSize;

  /**
   * Creates an empty sequence.
   *
   * @param blockSize tokens in a block, a power of two from 1 to {@value #MAX_BLOCK_SIZE}
   * @param salt what separates caches besides the tokens
   * @param scheme makes the keys
   * @throws ConfigurationException if the block size is another
   */
  public TokenBlockSequence(int blockSize, CacheSalt salt, HashScheme scheme) {
    if (blockSize < 1 || blockSize > MAX_BLOCK_SIZE || Integer.bitCount(blockSize) != 1) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG,
          "block size %d is not a power of two from 1 to %d".formatted(blockSize, MAX_BLOCK_SIZE));
    }
    this.blockSize = blockSize;
    this.scheme = Objects.requireNonNull(scheme, "scheme");
    this.saltHash = scheme.saltHash(salt);
    this.tail = new int[blockSize];
  }

  /** {@return tokens in a block} */
  public int blockSize() {
    return blockSize;
  }

  /** {@return the seed that the salt came to} */
  public long saltHash() {
    return saltHash;
  }

  /** {@return how many tokens there are, the partial tail included} */
  public int size() {
    return blocks.size() * blockSize + tailSize;
  }

  /** {@return the full blocks in order; a copy} */
  public List<TokenBlock> blocks() {
    return List.copyOf(blocks);
  }

  /** {@return the keys of the full blocks in order; a copy} */
  public List<BlockKey> keys() {
    return blocks.stream().map(TokenBlock::key).toList();
  }

  /** {@return the tokens behind the last full block, fewer than a block; a copy} */
  public int[] partial() {
    return Arrays.copyOf(tail, tailSize);
  }

  /** {@return all tokens; a copy} */
  public int[] tokens() {
    int[] all = new int[size()];
    for (TokenBlock block : blocks) {
      block.copyTokens(all, block.position() * blockSize);
    }
    System.arraycopy(tail, 0, all, all.length - tailSize, tailSize);
    return all;
  }

  /** {@return the multimodal runs in order; a copy} */
  public List<MultimodalRun> runs() {
    return runs.asList();
  }

  /**
   * Adds tokens at the end.
   *
   * @param tokens what to add
   * @return how many blocks became full
   * @throws CallerException if there would be more than 2^31-1 tokens
   */
  public int append(int... tokens) {
    return extend(tokens, List.of());
  }

  /**
   * Adds tokens at the end, some of which are placeholders.
   *
   * @param tokens what to add
   * @param added runs that lie wholly in the added tokens; their offsets count from the sequence's
   *     start
   * @return how many blocks became full
   * @throws CallerException if a run is empty, overflows, leaves the added tokens or overlaps
   *     another, or there would be more than 2^31-1 tokens
   */
  public int extend(int[] tokens, List<MultimodalRun> added) {
    long end = (long) size() + tokens.length;
    if (end > Integer.MAX_VALUE) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "a sequence of " + end + " tokens exceeds " + Integer.MAX_VALUE);
    }
    runs.addAll(MultimodalRuns.check(added, size(), end));
    int sizeBefore = size();
    int blocksBefore = blocks.size();
    try {
      fill(tokens);
    } catch (RuntimeException e) {
      truncate(sizeBefore);
      throw e;
    }
    return blocks.size() - blocksBefore;
  }

  /**
   * Keeps the first tokens and drops the others; a block that is cut becomes the partial tail, a
   * run that is cut becomes shorter.
   *
   * @param size how many to keep
   * @throws CallerException if there are fewer
   */
  public void truncate(int size) {
    if (size < 0 || size > size()) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT, "cannot keep " + size + " of " + size() + " tokens");
    }
    int keptBlocks = size / blockSize;
    if (keptBlocks < blocks.size()) {
      blocks.get(keptBlocks).copyTokens(tail, 0);
      blocks.subList(keptBlocks, blocks.size()).clear();
    }
    tailSize = size % blockSize;
    runs.truncate(size);
  }

  /**
   * Drops the last tokens.
   *
   * @param count how many
   * @throws CallerException if there are fewer
   */
  public void unwind(int count) {
    if (count < 0 || count > size()) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT, "cannot drop " + count + " of " + size() + " tokens");
    }
    truncate(size() - count);
  }

  /**
   * Removes the last token.
   *
   * @return the token
   * @throws CallerException if there is none
   */
  public int pop() {
    return tryPop()
        .orElseThrow(
            () ->
                new CallerException(
                    ErrorCode.INVALID_ARGUMENT, "cannot pop a token of an empty sequence"));
  }

  /** {@return the last token, which is removed; empty if there is none} */
  public OptionalInt tryPop() {
    if (size() == 0) {
      return OptionalInt.empty();
    }
    unwind(1);
    // What was dropped still stands in the tail.
    return OptionalInt.of(tail[tailSize]);
  }

  private void fill(int[] tokens) {
    int taken = 0;
    while (taken < tokens.length) {
      int count = Math.min(blockSize - tailSize, tokens.length - taken);
      System.arraycopy(tokens, taken, tail, tailSize, count);
      tailSize += count;
      taken += count;
      if (tailSize == blockSize) {
        completeTail();
      }
    }
  }

  private void completeTail() {
    int position = blocks.size();
    long start = (long) position * blockSize;
    TokenSpan span =
        new TokenSpan(tail, 0, blockSize, position, runs.within(start, start + blockSize));
    @Nullable BlockKey parent = position == 0 ? null : blocks.getLast().key();
    BlockKey key =
        parent == null ? scheme.first(saltHash, span) : scheme.next(saltHash, parent, span);
    blocks.add(new TokenBlock(tail, position, saltHash, key, parent, scheme.sequenceHash(key)));
    tail = new int[blockSize];
    tailSize = 0;
  }
}
