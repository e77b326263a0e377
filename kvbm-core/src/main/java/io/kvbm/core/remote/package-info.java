/**
 * Blocks shared with other workers: exporting and importing block sets, lending to peers, fetching
 * from them, and publishing what can be had.
 */
@NullMarked
package io.kvbm.core.remote;

import org.jspecify.annotations.NullMarked;
