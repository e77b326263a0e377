/**
 * Recorded and generated workloads: requests, each a list of block hashes, and the readers of the
 * formats they come in.
 */
@NullMarked
package io.kvbm.cli.trace;

import org.jspecify.annotations.NullMarked;
