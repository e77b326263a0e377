/** Tests of the package. */
@NullMarked
package io.kvbm.bench.cache;

import org.jspecify.annotations.NullMarked;
