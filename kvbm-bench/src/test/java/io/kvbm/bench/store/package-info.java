/** Tests of the package. */
@NullMarked
package io.kvbm.bench.store;

import org.jspecify.annotations.NullMarked;
