/**
 * Tiers and the movement of blocks between them: one pool per tier, offload and onboard with a
 * result per block, and a chain that moves what a full tier would evict into the one below.
 */
@NullMarked
package io.kvbm.core.tier;

import org.jspecify.annotations.NullMarked;
