/** Tests of the package. */
@NullMarked
package io.kvbm.bench.pool;

import org.jspecify.annotations.NullMarked;
