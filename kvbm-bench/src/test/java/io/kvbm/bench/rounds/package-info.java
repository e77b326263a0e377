/** Tests of the package. */
@NullMarked
package io.kvbm.bench.rounds;

import org.jspecify.annotations.NullMarked;
