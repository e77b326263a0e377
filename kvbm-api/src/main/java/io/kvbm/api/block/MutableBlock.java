package io.kvbm.api.block;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;
import io.kvbm.api.hash.CacheSalt;
import org.jspecify.annotations.Nullable;

/**
 * A block owned by one user who fills it. Its content has no identity yet.
 *
 * <p>Either the block is told its tokens ({@link #initSequence}, {@link #addTokens}, {@link
 * #markComplete}) and finds its key itself, or the caller knows the key and calls {@link
 * #complete(BlockKey, BlockKey)}.
 */
@Stability(Stability.Level.STABLE)
public non-sealed interface MutableBlock extends RegistrableBlock {

  /**
   * Starts the token sequence of a first block.
   *
   * @param salt what goes into the hash besides the tokens
   * @throws CallerException with {@link ErrorCode#BLOCK_STATE_INVALID} if tokens were already added
   */
  void initSequence(CacheSalt salt);

  /**
   * Starts this block as the one that follows another.
   *
   * @param salt what goes into the hash besides the tokens; the same for the whole sequence
   * @param parent the key of the block before this one
   * @param position this block's index in its sequence, above 0
   * @throws CallerException with {@link ErrorCode#BLOCK_STATE_INVALID} if tokens were already added
   */
  void initSequence(CacheSalt salt, BlockKey parent, int position);

  /**
   * Adds tokens until the block is full.
   *
   * @param tokens the tokens to add
   * @return those that no longer fitted; empty if all did
   * @throws CallerException with {@link ErrorCode#BLOCK_STATE_INVALID} before {@link #initSequence}
   *     or if the block is full or complete; nothing was added
   */
  int[] addTokens(int... tokens);

  /**
   * Takes the last tokens back.
   *
   * @param count how many
   * @throws CallerException with {@link ErrorCode#BLOCK_STATE_INVALID} if there are fewer or the
   *     block is complete
   */
  void popTokens(int count);

  /** {@return how many tokens were added} */
  int tokenCount();

  /** {@return whether the block has its key and can be registered} */
  boolean isComplete();

  /**
   * Fixes the tokens and computes the key. The block stays this handle and can be registered.
   *
   * @throws CallerException with {@link ErrorCode#BLOCK_NOT_COMPLETE} if tokens are missing
   */
  void markComplete();

  /**
   * {@return the sequence hash}
   *
   * @throws CallerException with {@link ErrorCode#BLOCK_NOT_COMPLETE} before {@link
   *     #markComplete()}
   */
  SequenceHash sequenceHash();

  /**
   * Declares the content whole under a known key. Consumes this handle.
   *
   * @param key the block's identity
   * @param parent the key of the block before it, or null for a first block
   * @return the complete block
   */
  CompleteBlock complete(BlockKey key, @Nullable BlockKey parent);

  /**
   * Declares the content whole after {@link #addTokens}. Consumes this handle.
   *
   * @return the complete block
   * @throws CallerException with {@link ErrorCode#BLOCK_NOT_COMPLETE} if tokens are missing; the
   *     block stays as it was
   */
  CompleteBlock complete();

  /**
   * Replaces the metadata.
   *
   * @param metadata kept with the content from now on
   */
  void setMetadata(BlockMetadata metadata);

  /**
   * {@return the bytes of one (layer, outer) region, writable}
   *
   * @param layer layer index
   * @param outer outer index
   * @throws CallerException as {@link #layerView}
   */
  LayerViewMut layerViewMut(int layer, int outer);

  /**
   * {@return all bytes of the block, writable}
   *
   * @throws CallerException as {@link #blockView}
   */
  BlockViewMut blockViewMut();
}
