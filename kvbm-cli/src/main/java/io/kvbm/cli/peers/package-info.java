/** Processes of this program that work together: how they are started and talked to. */
@NullMarked
package io.kvbm.cli.peers;

import org.jspecify.annotations.NullMarked;
