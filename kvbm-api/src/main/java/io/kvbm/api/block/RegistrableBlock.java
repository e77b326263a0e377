package io.kvbm.api.block;

import io.kvbm.api.Stability;

/** A block that can be given to {@code registerBlocks}. Registration consumes it. */
@Stability(Stability.Level.STABLE)
public sealed interface RegistrableBlock extends Block permits MutableBlock, CompleteBlock {}
