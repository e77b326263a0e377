/** What another module implements to contribute a subcommand. */
@NullMarked
package io.kvbm.cli.spi;

import org.jspecify.annotations.NullMarked;
