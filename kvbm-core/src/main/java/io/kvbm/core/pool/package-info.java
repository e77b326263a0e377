/**
 * Block pools: slots, the states they go through, the index that finds registered blocks and what
 * is evicted when room is needed.
 *
 * <p>Lookups and returns take no lock: a slot's state and use count are one word, changed by
 * compare-and-set, and the index is read without waiting. Everything that changes which blocks are
 * resident runs under the pool's one lock.
 */
@NullMarked
package io.kvbm.core.pool;

import org.jspecify.annotations.NullMarked;
