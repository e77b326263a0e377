/** Tests of {@code io.kvbm.cli.store}. */
@NullMarked
package io.kvbm.cli.store;

import org.jspecify.annotations.NullMarked;
