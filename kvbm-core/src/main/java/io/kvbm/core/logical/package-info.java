/**
 * Blocks in shards: a leader that owns the slots and no bytes, and workers that own the bytes and
 * copy them when the leader says so.
 */
@NullMarked
package io.kvbm.core.logical;

import org.jspecify.annotations.NullMarked;
