/** Tests of {@code io.kvbm.cli.trace}. */
@NullMarked
package io.kvbm.cli.trace;

import org.jspecify.annotations.NullMarked;
