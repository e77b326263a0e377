package io.kvbm.core.cost;

import io.kvbm.core.cost.RouteEstimate.Basis;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Measures one route.
 *
 * <p>Loads in parallel share the route, so that each alone seems slow and those that end together
 * seem free. A sample is therefore a round: what ended, in the time in which something was under
 * way, until as many loads have ended as were under way at first. Threading: safe from any thread;
 * the lock is held for a few arithmetic operations.
 */
final class RouteMeter {

  /**
   * A sample so many times off what was expected is believed only when the next one agrees, or
   * where it took too long for a pause.
   */
  private static final double OUTLIER = 4;

  /** No pause of a machine, nor of a device, is taken to last longer. */
  private static final double LONGEST_PAUSE_NANOS = 5e9;

  /** A probe may take this share of the time, so that all probes together cost next to nothing. */
  private static final double PROBE_SHARE = 1.0 / 250;

  /** A probe is taken to cost at most so many times its share of what loads cost. */
  private static final double PROBE_DOUBT = 2;

  private static final long LEAST_PROBE_INTERVAL_NANOS = 10_000_000;

  private record Sample(double byteSize, double nanos, boolean fromIdle) {}

  private final LineFit fit = new LineFit();
  private final Set<Flight> flights = new LinkedHashSet<>();
  private double assumedLatencyNanos = -1;
  private double assumedNanosPerByte;
  private @Nullable Sample outlier;

  private long waitingByteSize;
  private long inFlightByteSize;
  private boolean hasProgressed;
  private long progressedAt;
  private long roundByteSize;
  private long roundNanos;
  private int roundLeft;
  private boolean roundFromIdle;
  private boolean hasProbed;
  private long probedAt;

  synchronized void assume(double latencyNanos, double nanosPerByte) {
    assumedLatencyNanos = latencyNanos;
    assumedNanosPerByte = nanosPerByte;
  }

  synchronized void begin(Flight flight) {
    if (flights.isEmpty()) {
      roundFromIdle = true;
    }
    flights.add(flight);
    inFlightByteSize += flight.byteSize();
  }

  synchronized void addWaiting(long byteSize) {
    waitingByteSize += byteSize;
  }

  synchronized void end(Flight flight, long movedByteSize, long now) {
    long busyNanos = busyNanos(now);
    if (!flights.remove(flight)) {
      return;
    }
    if (roundLeft == 0) {
      roundLeft = flights.size() + 1;
    }
    inFlightByteSize -= flight.byteSize();
    roundByteSize += movedByteSize;
    roundNanos += busyNanos;
    progressedAt = now;
    hasProgressed = true;
    roundLeft--;
    if (roundLeft == 0 || flights.isEmpty()) {
      endRound();
    }
  }

  private void endRound() {
    if (roundByteSize > 0) {
      add(new Sample(roundByteSize, Math.max(1, roundNanos), roundFromIdle));
    }
    roundByteSize = 0;
    roundNanos = 0;
    roundLeft = 0;
    roundFromIdle = false;
  }

  /** How long the oldest load has been under way with nothing else ending. */
  private long busyNanos(long now) {
    if (flights.isEmpty()) {
      return 0;
    }
    long began = flights.iterator().next().beganAt();
    return Math.max(0, Math.min(now - began, hasProgressed ? now - progressedAt : Long.MAX_VALUE));
  }

  private void add(Sample sample) {
    if (fit.isEmpty()) {
      addToFit(sample);
      return;
    }
    double expected = expectedNanos(sample);
    double ratio = sample.nanos / expected;
    if (ratio <= OUTLIER && ratio >= 1 / OUTLIER) {
      outlier = null;
      addToFit(sample);
      return;
    }
    Sample before = outlier;
    if (ratio > 1 && sample.nanos > LONGEST_PAUSE_NANOS) {
      restart(sample); // what came before may have been measured while the route changed
    } else if (before != null && (ratio > 1) == before.nanos > expectedNanos(before)) {
      restart(before, sample); // twice: the route has changed
    } else {
      outlier = sample;
    }
  }

  private void restart(Sample... samples) {
    outlier = null;
    fit.clear();
    for (Sample sample : samples) {
      addToFit(sample);
    }
  }

  private void addToFit(Sample sample) {
    fit.add(sample.byteSize, sample.nanos, sample.fromIdle);
  }

  private double expectedNanos(Sample sample) {
    double latency = sample.fromIdle ? fit.latencyNanos() : 0;
    return Math.max(1, latency + fit.nanosPerByte() * sample.byteSize);
  }

  synchronized RouteEstimate estimate(long now) {
    long underWay = roundByteSize + inFlightByteSize;
    long queued = waitingByteSize + inFlightByteSize;
    double elapsed = flights.isEmpty() ? 0 : roundNanos + (double) busyNanos(now);
    double latency;
    double perByte;
    Basis basis;
    if (!fit.isEmpty()) {
      latency = fit.latencyNanos();
      perByte = fit.nanosPerByte();
      basis = Basis.MEASURED;
    } else if (assumedLatencyNanos >= 0) {
      latency = assumedLatencyNanos;
      perByte = assumedNanosPerByte;
      basis = Basis.ASSUMED;
    } else if (underWay > 0) {
      return new RouteEstimate(0, elapsed / underWay, queued, 1, Basis.UNDER_WAY);
    } else {
      return new RouteEstimate(0, 0, 0, 1, Basis.NONE);
    }
    double expected = Math.max(1, latency + perByte * underWay);
    return new RouteEstimate(latency, perByte, queued, Math.max(1, elapsed / expected), basis);
  }

  /**
   * Claims the right to load a few blocks only to see how fast the route is.
   *
   * @return how many: 0 if it is not time, 1, or {@code several} where loads of one size alone
   *     cannot tell latency from bandwidth
   */
  synchronized int tryProbe(long now, long blockByteSize, int several) {
    if (!flights.isEmpty() || fit.isEmpty()) {
      return 0;
    }
    int blocks = fit.hasSpread() ? 1 : several;
    double byteSize = (double) blocks * blockByteSize;
    double cost = fit.latencyNanos() + fit.nanosPerByte() * byteSize;
    // A latency read off a few large loads may be none, and would put the next look off for ever.
    cost = Math.min(cost, PROBE_DOUBT * fit.meanNanosPerByte() * byteSize);
    if (outlier != null) {
      cost = Math.min(cost, outlier.nanos); // a route that may have become fast: look again soon
    }
    double interval = Math.max(LEAST_PROBE_INTERVAL_NANOS, cost / PROBE_SHARE);
    if (now - progressedAt < interval || hasProbed && now - probedAt < interval) {
      return 0;
    }
    hasProbed = true;
    probedAt = now;
    return blocks;
  }
}
