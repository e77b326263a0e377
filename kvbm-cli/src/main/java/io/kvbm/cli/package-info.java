/**
 * The {@code kvbm} program: finds the subcommands, reads the command line, and turns every outcome
 * into an exit code and at most one line of error.
 */
@NullMarked
package io.kvbm.cli;

import org.jspecify.annotations.NullMarked;
