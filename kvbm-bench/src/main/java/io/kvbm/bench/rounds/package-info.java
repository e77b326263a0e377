/**
 * Runs JMH benchmarks against each other in interleaved rounds, so that a slow moment of the
 * machine hits both sides.
 */
@NullMarked
package io.kvbm.bench.rounds;

import org.jspecify.annotations.NullMarked;
