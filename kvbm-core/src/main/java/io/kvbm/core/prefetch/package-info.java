/** Prefetching: guessing when a conversation goes on, and loading its blocks before it does. */
@NullMarked
package io.kvbm.core.prefetch;

import org.jspecify.annotations.NullMarked;
