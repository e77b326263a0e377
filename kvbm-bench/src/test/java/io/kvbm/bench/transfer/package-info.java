/** Tests of the package. */
@NullMarked
package io.kvbm.bench.transfer;

import org.jspecify.annotations.NullMarked;
