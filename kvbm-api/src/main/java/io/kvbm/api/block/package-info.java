/** Blocks and their states: mutable, complete, immutable and weak; keys, metadata and views. */
@NullMarked
package io.kvbm.api.block;

import org.jspecify.annotations.NullMarked;
