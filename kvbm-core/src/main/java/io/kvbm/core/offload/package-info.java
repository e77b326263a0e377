/**
 * Offload in the background: copies registered blocks from a tier to one below, by priority, in
 * batches, within limits, with one result per block.
 */
@NullMarked
package io.kvbm.core.offload;

import org.jspecify.annotations.NullMarked;
