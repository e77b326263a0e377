/**
 * What a command talks to: results on standard output, everything else on standard error, with a
 * table and a progress bar.
 */
@NullMarked
package io.kvbm.cli.console;

import org.jspecify.annotations.NullMarked;
