/** A cache of hot values in the memory of a device: one slab, carved up, evicted by policy. */
@NullMarked
package io.kvbm.core.cache;

import org.jspecify.annotations.NullMarked;
