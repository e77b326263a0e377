/** Tests of the package. */
@NullMarked
package io.kvbm.bench.collections;

import org.jspecify.annotations.NullMarked;
