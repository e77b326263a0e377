package io.kvbm.backend.remote.tcp;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/** What goes through one agent. */
final class Counters {
  final AtomicLong connections = new AtomicLong();
  final AtomicLong registeredBytes = new AtomicLong();
  final AtomicLong reservedBytes = new AtomicLong();
  final AtomicLong lentBlocks = new AtomicLong();
  final LongAdder bytesRead = new LongAdder();
  final LongAdder bytesWritten = new LongAdder();
  final LongAdder bytesServed = new LongAdder();
  final LongAdder refused = new LongAdder();
  final LongAdder corrupt = new LongAdder();

  /** Bytes requested from peers and not answered yet. */
  final AtomicLong inFlight = new AtomicLong();
}
