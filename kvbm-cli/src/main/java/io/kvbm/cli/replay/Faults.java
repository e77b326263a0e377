package io.kvbm.cli.replay;

import io.kvbm.api.BackendException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.storage.Region;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/**
 * What goes wrong with transfers, and how often. Of the copies a transport or store is asked for, a
 * share fails, arrives damaged or is not heard of for too long: 48, 48 and 4 of a hundred. Where
 * one copy of a batch stalls, nothing else happens to that batch. Threading: safe from any thread.
 */
final class Faults implements AutoCloseable {

  /** What becomes of a copy. */
  enum Fate {
    GOOD,
    FAILS,
    IS_DAMAGED,
    STALLS
  }

  /** Stalled copies never end. */
  static final long FOR_EVER = Long.MAX_VALUE;

  private final double rate;
  private final long stallNanos;
  private final long blockByteSize;
  private final SplittableRandom random;
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          task -> Thread.ofPlatform().daemon().name("replay-stalls").unstarted(task));
  private final AtomicInteger waiting = new AtomicInteger();
  private final LongAdder failed = new LongAdder();
  private final LongAdder damaged = new LongAdder();
  private final LongAdder stalled = new LongAdder();

  /**
   * @param rate the share of copies, 0 to 1
   * @param stallNanos how long a stalled copy is not heard of, or {@link #FOR_EVER}
   * @param blockByteSize bytes of a block: a copy of several neighbours counts as so many
   */
  Faults(double rate, long stallNanos, long blockByteSize, long seed) {
    this.rate = rate;
    this.stallNanos = stallNanos;
    this.blockByteSize = blockByteSize;
    this.random = new SplittableRandom(seed);
  }

  /** {@return blocks that failed} */
  long failed() {
    return failed.sum();
  }

  /** {@return blocks that were damaged} */
  long damaged() {
    return damaged.sum();
  }

  /** {@return blocks that stalled} */
  long stalled() {
    return stalled.sum();
  }

  /** {@return what becomes of the copies of one batch} */
  List<Fate> fates(int copies) {
    List<Fate> fates = new ArrayList<>(copies);
    boolean stalls = false;
    synchronized (random) {
      for (int i = 0; i < copies; i++) {
        double draw = random.nextDouble() / rate;
        Fate fate =
            draw < 0.48
                ? Fate.FAILS
                : draw < 0.96 ? Fate.IS_DAMAGED : draw < 1 ? Fate.STALLS : Fate.GOOD;
        stalls |= fate == Fate.STALLS;
        fates.add(fate);
      }
    }
    if (stalls) {
      fates.replaceAll(fate -> fate == Fate.STALLS ? fate : Fate.GOOD);
    }
    return fates;
  }

  /** A copy was carried out with its fate. */
  void count(Fate fate, long byteSize) {
    long blocks = Math.max(1, byteSize / blockByteSize);
    switch (fate) {
      case FAILS -> failed.add(blocks);
      case IS_DAMAGED -> damaged.increment(); // one bit, so one block
      case STALLS -> stalled.add(blocks);
      case GOOD -> {}
    }
  }

  BackendException failure() {
    return new BackendException(
        ErrorCode.OPERATION_FAILED, "the replay let this transfer fail (--faults)", null);
  }

  /** Changes one bit. */
  void damage(MemorySegment bytes) {
    long at;
    int bit;
    synchronized (random) {
      at = random.nextLong(bytes.byteSize());
      bit = random.nextInt(Byte.SIZE);
    }
    byte old = bytes.get(ValueLayout.JAVA_BYTE, at);
    bytes.set(ValueLayout.JAVA_BYTE, at, (byte) (old ^ 1 << bit));
  }

  /** Changes one bit of regions in host memory. */
  void damage(List<Region> regions) {
    int which;
    synchronized (random) {
      which = random.nextInt(regions.size());
    }
    damage(((Region.HostRegion) regions.get(which)).segment());
  }

  /** Has a stalled batch go on later, or never. */
  @SuppressWarnings("FutureReturnValueIgnored") // what it completes tells who waits
  void afterStall(Runnable rest) {
    if (stallNanos != FOR_EVER) {
      waiting.incrementAndGet();
      timer.schedule(
          () -> {
            rest.run();
            waiting.decrementAndGet();
          },
          stallNanos,
          TimeUnit.NANOSECONDS);
    }
  }

  /** {@return whether a stall will end that has not} */
  boolean hasWaiting() {
    return waiting.get() > 0;
  }

  boolean stallsForEver() {
    return stallNanos == FOR_EVER;
  }

  /** Ends the thread that ends stalls; the transfers should have ended before. */
  @Override
  public void close() {
    timer.shutdownNow();
  }
}
