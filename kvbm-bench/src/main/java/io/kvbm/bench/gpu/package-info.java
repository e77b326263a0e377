/** {@code kvbm bench gpu}: copies to, from and within a GPU. */
@NullMarked
package io.kvbm.bench.gpu;

import org.jspecify.annotations.NullMarked;
