package io.kvbm.core.races;

import io.kvbm.api.layout.DType;
import io.kvbm.api.layout.LayoutConfig;
import io.kvbm.api.layout.LayoutProvider;
import io.kvbm.api.layout.LayoutType;
import io.kvbm.api.metrics.MetricsSink;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.transfer.Route;
import io.kvbm.api.transfer.TransferBatch;
import io.kvbm.api.transfer.TransferCompletion;
import io.kvbm.api.transfer.TransferHandle;
import io.kvbm.api.transfer.Transport;
import io.kvbm.core.layout.Layouts;
import io.kvbm.core.time.Deadlines;
import io.kvbm.core.transfer.BlockMove;
import io.kvbm.core.transfer.BlockPlace;
import io.kvbm.core.transfer.OneTransport;
import io.kvbm.core.transfer.TransferEngine;
import io.kvbm.core.transfer.TransferLimits;
import io.kvbm.core.transfer.TransferOptions;
import io.kvbm.testkit.HostStorage;
import io.kvbm.testkit.ManualClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.DoubleSupplier;

/**
 * A transfer engine whose batches, one at a time and a block each, are in flight until the test
 * ends them; no byte moves. Time stands still, too.
 */
final class HeldTransfers implements AutoCloseable, Transport, MetricsSink {

  private static final int BLOCKS = 4;
  private static final LayoutConfig SHAPE = new LayoutConfig(BLOCKS, 1, 1, 1, 8, DType.INT8, 1);
  private static final String DONE_BLOCKS = "kvbm.transfer.blocks";

  private record Held(TransferBatch batch, TransferCompletion completion) {}

  private final ConcurrentLinkedQueue<Held> held = new ConcurrentLinkedQueue<>();
  private final Map<String, AtomicLong> counters = new ConcurrentHashMap<>();
  private final ManualClock clock = new ManualClock();
  private final Deadlines deadlines = Deadlines.manual(0);
  private final TransferEngine engine;
  private final List<Storage> storages = new ArrayList<>();
  private final Runnable whenCounted;

  /**
   * @param whenCounted run when the blocks of a batch have ended and before their transfer knows
   */
  HeldTransfers(Runnable whenCounted) {
    this.whenCounted = whenCounted;
    engine =
        new TransferEngine(
            new OneTransport(this, clock, Runnable::run, deadlines, this),
            new TransferLimits(BLOCKS, 1 << 20, 1, 1, 1 << 10));
  }

  /** Begins a transfer of so many blocks, of which one is in flight. */
  TransferHandle begin(int blocks, TransferOptions options) {
    List<BlockMove> moves = new ArrayList<>();
    for (int slot = 0; slot < blocks; slot++) {
      moves.add(BlockMove.of(slot, slot));
    }
    return engine.submit(place(), place(), moves, options);
  }

  private BlockPlace place() {
    LayoutProvider provider = Layouts.of(LayoutType.FULLY_CONTIGUOUS);
    List<Storage> own = new ArrayList<>();
    provider.storageByteSizes(SHAPE).forEach(size -> own.add(new HostStorage(size)));
    storages.addAll(own);
    return new BlockPlace.LaidOut(provider.bind(SHAPE, own));
  }

  /** Ends the batch in flight as done; returns whether there was one. */
  boolean finishOne() {
    Held next = held.poll();
    if (next == null) {
      return false;
    }
    next.completion.done(0, SHAPE.blockByteSize());
    next.completion.drained();
    return true;
  }

  void finishAll() {
    while (finishOne()) {
      // the end of one begins the next
    }
  }

  /** Lets time go on, once, and returns what it is. */
  long advanceTo(long nowNanos) {
    clock.advance(Duration.ofNanos(nowNanos - clock.nanoTime()));
    deadlines.advanceTo(nowNanos);
    return clock.nanoTime();
  }

  int pendingDeadlines() {
    return deadlines.pendingCount();
  }

  long counted(String name) {
    return counters.getOrDefault(name, new AtomicLong()).get();
  }

  List<Storage> storages() {
    return storages;
  }

  @Override
  public void close() {
    finishAll();
    engine.close();
    deadlines.close();
    storages.forEach(Storage::close);
  }

  // ---- the transport

  @Override
  public String name() {
    return "held";
  }

  @Override
  public boolean supports(Route route) {
    return true;
  }

  @Override
  public void submit(TransferBatch batch, TransferCompletion completion) {
    held.add(new Held(batch, completion));
  }

  // ---- the metrics

  @Override
  public Counter counter(String name, String... tags) {
    AtomicLong sum = counters.computeIfAbsent(name, _ -> new AtomicLong());
    return amount -> {
      sum.addAndGet(amount);
      if (name.equals(DONE_BLOCKS) && amount > 0) {
        whenCounted.run();
      }
    };
  }

  @Override
  public Histogram histogram(String name, String... tags) {
    return _ -> {};
  }

  @Override
  public void gauge(String name, DoubleSupplier value, String... tags) {}
}
