package io.kvbm.bench.rounds;

import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/**
 * For a benchmark that can repeat its operation only after something else: it takes the time of the
 * operation itself, over many of them at once, and that is what counts. JMH's own set-up between
 * invocations costs more than such an operation.
 */
@State(Scope.Thread)
@AuxCounters(AuxCounters.Type.EVENTS)
public class TimedPart {

  static final String NANOS = "timedNanos";
  static final String OPS = "timedOps";

  /** How long the operations took. */
  public long timedNanos;

  /** How many there were. */
  public long timedOps;
}
