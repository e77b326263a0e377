/** Tests of {@code io.kvbm.cli.simulate}. */
@NullMarked
package io.kvbm.cli.simulate;

import org.jspecify.annotations.NullMarked;
