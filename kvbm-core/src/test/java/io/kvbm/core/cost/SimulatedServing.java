package io.kvbm.core.cost;

import io.kvbm.api.spi.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.function.LongToDoubleFunction;

/**
 * Serves requests one after another over one route, in time of its own: loads what the gate says,
 * in batches, up to eight in flight, first come first served, gives up when the gate's patience
 * ends, and computes the rest.
 */
final class SimulatedServing {

  static final long SECOND = 1_000_000_000;
  private static final int BATCH = 16;
  private static final int WINDOW = 8;

  private record Batch(long finishNanos, int blocks, int request, Flight flight) {}

  /** What one request took, and what it would have taken without a cache. */
  record Served(Decision decision, double nanos, double computedNanos, int blocks) {}

  final List<Served> served = new ArrayList<>();
  final RouteCosts costs;
  final CostGate gate;
  final RecomputeCost recompute;
  double probeNanos;

  private final long blockByteSize;
  private final LongToDoubleFunction bytesPerSecond;
  private final double noise;
  private final SplittableRandom random;
  private final PriorityQueue<Batch> inFlight =
      new PriorityQueue<>((a, b) -> Long.compare(a.finishNanos, b.finishNanos));
  private long now = 77;
  private long routeFreeAt;
  private long latencyNanos;
  private int arrived;

  SimulatedServing(
      GateMode mode,
      RecomputeCost recompute,
      long blockByteSize,
      LongToDoubleFunction bytesPerSecond,
      double noise,
      long seed) {
    this.recompute = recompute;
    this.blockByteSize = blockByteSize;
    this.bytesPerSecond = bytesPerSecond;
    this.noise = noise;
    this.random = new SplittableRandom(seed);
    Clock clock =
        new Clock() {
          @Override
          public long nanoTime() {
            return now;
          }

          @Override
          public Instant instant() {
            return Instant.EPOCH.plusNanos(now);
          }
        };
    costs = new RouteCosts(clock);
    gate = new CostGate(mode, recompute, costs);
  }

  SimulatedServing withLatency(long nanos) {
    latencyNanos = nanos;
    return this;
  }

  long now() {
    return now;
  }

  void serve(int requests, int maxBlocks) {
    for (int i = 0; i < requests; i++) {
      request(1 + random.nextInt(maxBlocks));
    }
  }

  Served request(int blocks) {
    long start = now;
    Decision decision =
        gate.decide(new RoutePlan(Collections.nCopies(blocks, "host->device"), blockByteSize));
    long patience = decision.patienceNanos();
    load(decision.loadBlocks(), patience > Long.MAX_VALUE - now ? Long.MAX_VALUE : now + patience);
    if (decision.probeBlocks() > 0) {
      Batch probe = submit(decision.probeBlocks(), -1);
      probeNanos += probe.finishNanos == Long.MAX_VALUE ? 0 : probe.finishNanos - now;
    }
    passUntil(now + (long) recompute.nanos(arrived, blocks));
    Served one = new Served(decision, now - start, recompute.nanos(0, blocks), blocks);
    served.add(one);
    return one;
  }

  private void load(int blocks, long until) {
    arrived = 0;
    int request = served.size();
    int sent = 0;
    while (arrived < blocks) {
      while (sent < blocks && inFlight.size() < WINDOW) {
        int next = Math.min(BATCH, blocks - sent);
        submit(next, request);
        sent += next;
      }
      Batch first = inFlight.peek();
      if (first == null || first.finishNanos > until) {
        if (until == Long.MAX_VALUE) {
          throw new AssertionError("waits for ever");
        }
        passUntil(until);
        return;
      }
      passUntil(first.finishNanos);
    }
  }

  private void passUntil(long time) {
    while (!inFlight.isEmpty() && inFlight.peek().finishNanos <= time) {
      Batch ended = inFlight.remove();
      now = Math.max(now, ended.finishNanos);
      ended.flight.end(ended.blocks * blockByteSize);
      arrived += ended.request == served.size() ? ended.blocks : 0;
    }
    now = Math.max(now, time);
  }

  private Batch submit(int blocks, int request) {
    double bytes = (double) blocks * blockByteSize * factor();
    long at = Math.max(now, routeFreeAt);
    while (bytes > 0 && at < Long.MAX_VALUE) {
      double rate = bytesPerSecond.applyAsDouble(at);
      long step = SECOND / 20;
      double moved = rate * step / SECOND;
      if (rate == 0) {
        at = Long.MAX_VALUE;
      } else if (moved >= bytes) {
        at += (long) Math.ceil(bytes / rate * SECOND);
        bytes = 0;
      } else {
        at += step;
        bytes -= moved;
      }
    }
    routeFreeAt = at;
    long finish = at == Long.MAX_VALUE ? at : at + latencyNanos;
    Batch batch =
        new Batch(finish, blocks, request, costs.begin("host->device", blocks * blockByteSize));
    inFlight.add(batch);
    return batch;
  }

  /** Mostly between one half and double, sometimes thirty times as long. */
  private double factor() {
    if (noise == 0) {
      return 1;
    }
    return random.nextInt(100) == 0 ? 30 : Math.exp(noise * (random.nextDouble() * 2 - 1));
  }

  double totalNanos() {
    return served.stream().mapToDouble(Served::nanos).sum();
  }

  double totalComputedNanos() {
    return served.stream().mapToDouble(Served::computedNanos).sum();
  }
}
