/** Tests of the package. */
@NullMarked
package io.kvbm.bench.disk;

import org.jspecify.annotations.NullMarked;
