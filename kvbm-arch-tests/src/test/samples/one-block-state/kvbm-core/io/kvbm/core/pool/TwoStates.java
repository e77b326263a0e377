package io.kvbm.core.pool;

import io.kvbm.api.block.CompleteBlock;
import io.kvbm.api.block.MutableBlock;

/** Broken: complete and still writable. */
abstract class TwoStates implements MutableBlock, CompleteBlock {}
