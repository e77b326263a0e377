package io.kvbm.api.block;

/** A block that can be given to {@code registerBlocks}. Registration consumes it. */
public sealed interface RegistrableBlock extends Block permits MutableBlock, CompleteBlock {}
