package io.kvbm.api.block;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;

/**
 * A handle on one slot of a pool. The type says what may be done with the content: {@link
 * MutableBlock} fills it, {@link CompleteBlock} is ready to be registered, {@link ImmutableBlock}
 * is shared and read only.
 *
 * <p>A transition consumes its receiver: later calls on it fail with {@link
 * ErrorCode#INVALID_MUTABLE_BLOCK} or {@link ErrorCode#BLOCK_STATE_INVALID}, and closing it does
 * nothing. A failed transition leaves the receiver as it was.
 *
 * <p>{@link #close()} returns the block to its pool, at once and idempotently. Views are valid
 * until then. Threading: a mutable or complete block belongs to one thread at a time; immutable
 * blocks are safe from any thread.
 */
@Stability(Stability.Level.STABLE)
public sealed interface Block extends AutoCloseable permits RegistrableBlock, ImmutableBlock {

  /** {@return the slot in the pool, from 0} */
  int blockId();

  /** {@return layers of a block} */
  int numLayers();

  /** {@return tokens in a block} */
  int pageSize();

  /** {@return elements of one token in one outer region} */
  int innerDim();

  /** {@return outer regions of a layer} */
  int numOuterDims();

  /** {@return whether the block has bytes here} */
  Locality locality();

  /** {@return the metadata kept with the content} */
  BlockMetadata metadata();

  /**
   * {@return the bytes of one (layer, outer) region, read only}
   *
   * @param layer layer index
   * @param outer outer index
   * @throws CallerException with {@link ErrorCode#INVALID_LAYER_INDEX} or {@link
   *     ErrorCode#INVALID_OUTER_INDEX}, with {@link
   *     ErrorCode#VIEWS_NOT_AVAILABLE_ON_LOGICAL_BLOCKS} for a logical block, with {@link
   *     ErrorCode#NOT_ACCESSIBLE} where the tier keeps blocks by key
   */
  LayerView layerView(int layer, int outer);

  /**
   * {@return all bytes of the block, read only}
   *
   * @throws CallerException as {@link #layerView}, and with {@link ErrorCode#UNSUPPORTED} where the
   *     layout does not keep a block in one run
   */
  BlockView blockView();

  /** Returns the block to its pool. Later calls do nothing. */
  @Override
  void close();
}
