/** The {@code simulate} subcommand: replays a trace against eviction policies, without bytes. */
@NullMarked
package io.kvbm.cli.simulate;

import org.jspecify.annotations.NullMarked;
