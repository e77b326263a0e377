/** Tests of {@code io.kvbm.cli.console}. */
@NullMarked
package io.kvbm.cli.console;

import org.jspecify.annotations.NullMarked;
