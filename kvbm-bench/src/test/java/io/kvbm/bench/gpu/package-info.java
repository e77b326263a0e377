/** Tests of {@code kvbm bench gpu}. */
@NullMarked
package io.kvbm.bench.gpu;

import org.jspecify.annotations.NullMarked;
