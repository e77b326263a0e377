/**
 * The configuration of the command: where it comes from, the one place that opens platforms with
 * it, and the {@code config} subcommand.
 */
@NullMarked
package io.kvbm.cli.settings;

import org.jspecify.annotations.NullMarked;
