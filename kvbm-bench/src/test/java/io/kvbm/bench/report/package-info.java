/** Tests of the package. */
@NullMarked
package io.kvbm.bench.report;

import org.jspecify.annotations.NullMarked;
