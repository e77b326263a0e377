/** Tests of {@code io.kvbm.cli.backends}. */
@NullMarked
package io.kvbm.cli.backends;

import org.jspecify.annotations.NullMarked;
