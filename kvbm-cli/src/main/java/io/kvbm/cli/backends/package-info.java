/** The {@code backends} subcommand: which backends are installed and whether they can run here. */
@NullMarked
package io.kvbm.cli.backends;

import org.jspecify.annotations.NullMarked;
