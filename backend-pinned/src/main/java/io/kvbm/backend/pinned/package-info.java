/**
 * The {@code pinned} backend: {@link io.kvbm.backend.pinned.PinnedStorage}, host memory that the
 * kernel does not move and that devices copy to and from without a buffer between.
 */
@NullMarked
package io.kvbm.backend.pinned;

import org.jspecify.annotations.NullMarked;
