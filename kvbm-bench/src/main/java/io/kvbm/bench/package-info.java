/**
 * The {@code kvbm bench} command: groups the benchmarks, each of which runs side by side with a
 * peer.
 */
@NullMarked
package io.kvbm.bench;

import org.jspecify.annotations.NullMarked;
