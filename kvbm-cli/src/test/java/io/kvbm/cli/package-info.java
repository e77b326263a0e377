/** Tests of {@code io.kvbm.cli}. */
@NullMarked
package io.kvbm.cli;

import org.jspecify.annotations.NullMarked;
