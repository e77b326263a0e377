package io.kvbm.backend.disk.slab;

import io.kvbm.api.CallerException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.policy.AdmissionPolicy;
import io.kvbm.api.spi.Gate;
import io.kvbm.api.store.BlockRead;
import io.kvbm.api.store.BlockStore;
import io.kvbm.api.store.BlockStoreFactory;
import io.kvbm.api.store.BlockWrite;
import io.kvbm.api.store.RecoveryReport;
import io.kvbm.api.store.StoredBlock;
import io.kvbm.api.transfer.TransferCompletion;
import io.kvbm.backend.disk.io.IoEngine;
import io.kvbm.backend.disk.io.IoRequest;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/**
 * Blocks in preallocated files of equal slots, found again after a restart.
 *
 * <p>The cache contract: nothing is synced, so a power cut may take what was written; every read
 * checks header, key, generation and the checksum of every byte, so what is there is right or a
 * miss. Forgotten blocks are wiped at a clean close; after a crash they may be found again, which
 * is harmless where keys name contents.
 *
 * <p>Threading: safe from any thread. A slot has one writer or any number of readers; an operation
 * that would break that fails with {@link ErrorCode#LOCKED}.
 */
final class SlabStore implements BlockStore {

  private static final int REMEMBERED_PER_SLOT = 2;
  private static final int MOST_REMEMBERED = 1 << 24;
  private static final int WIPES_AT_ONCE = 256;

  private final SlabEnvironment environment;
  private final SlabSettings settings;
  private final SlotChecks checks;
  private final long slotByteSize;
  private final long fingerprint;
  private final SlabLayout layout;
  private final SlabMeters meters;
  private final WriteAdmission admission;
  private final Gate gate = new Gate("block store on disk");
  private final OpenSlab open;
  private final List<Extent> extents;
  private final SlotBuffers buffers;
  private final SlotTable table;
  private final IndexSnapshot snapshot;
  private final boolean fromSnapshot;
  private volatile Runnable afterClose = () -> {};
  private volatile boolean recovered;

  private SlabStore(
      SlabEnvironment environment,
      SlabSettings settings,
      BlockStoreFactory.Spec spec,
      SlotChecks checks,
      OpenSlab open) {
    this.environment = environment;
    this.settings = settings;
    this.checks = checks;
    this.slotByteSize = spec.slotByteSize();
    this.fingerprint = spec.fingerprint();
    this.open = open;
    this.layout = open.layout();
    this.extents = open.extents();
    this.buffers = open.buffers();
    this.table = open.table();
    this.meters = new SlabMeters(environment.metrics());
    this.admission = admission(environment, settings, layout, meters);
    this.snapshot =
        new IndexSnapshot(environment.disk(), settings.directory(), extents, fingerprint);
    this.fromSnapshot = snapshot.take(table);
  }

  private static WriteAdmission admission(
      SlabEnvironment environment, SlabSettings settings, SlabLayout layout, SlabMeters meters) {
    AdmissionPolicy policy =
        settings.rejectFirst()
            ? new RejectFirst(
                (int) Math.min((long) layout.slots() * REMEMBERED_PER_SLOT, MOST_REMEMBERED))
            : AdmissionPolicy.PASS_ALL;
    long daily = settings.dailyWriteByteSize();
    if (daily == 0) {
      return new WriteAdmission(policy, null, meters);
    }
    WriteBudget budget =
        new WriteBudget(
            daily, layout.slotStride(), environment.clock(), environment.random().nextLong());
    meters.showBudget(budget::available);
    return new WriteAdmission(policy, budget, meters);
  }

  /**
   * Opens the store of a directory, which is made if it is not there.
   *
   * @param environment what the store works with; stays the caller's
   * @param settings how it works
   * @param spec its size and identity
   * @return the store; the caller closes it
   * @throws io.kvbm.api.TransientException with {@link ErrorCode#LOCKED} if it is open already
   */
  public static SlabStore open(
      SlabEnvironment environment, SlabSettings settings, BlockStoreFactory.Spec spec) {
    return open(environment, settings, spec, SlotChecks.all());
  }

  static SlabStore open(
      SlabEnvironment environment,
      SlabSettings settings,
      BlockStoreFactory.Spec spec,
      SlotChecks checks) {
    OpenSlab open = OpenSlab.open(environment, settings, spec);
    try {
      return new SlabStore(environment, settings, spec, checks, open);
    } catch (RuntimeException e) {
      open.close();
      throw e;
    }
  }

  // ---- what operations need

  SlabEnvironment environment() {
    return environment;
  }

  SlabSettings settings() {
    return settings;
  }

  SlotChecks checks() {
    return checks;
  }

  SlabLayout layout() {
    return layout;
  }

  SlabMeters meters() {
    return meters;
  }

  WriteAdmission admission() {
    return admission;
  }

  SlotBuffers buffers() {
    return buffers;
  }

  SlotTable table() {
    return table;
  }

  IoEngine engine() {
    return environment.engine();
  }

  Executor compute() {
    return environment.compute();
  }

  long fingerprint() {
    return fingerprint;
  }

  Extent extent(int number) {
    return extents.get(number);
  }

  Extent extentOf(int slot) {
    return extents.get(layout.extentOf(slot));
  }

  void checkSlot(int slot) {
    if (slot < 0 || slot >= layout.slots()) {
      throw new CallerException(
          ErrorCode.OUT_OF_BOUNDS, "slot " + slot + " is not below " + layout.slots());
    }
  }

  SlotHeader headerOf(BlockWrite write, long byteSize, int checksum) {
    Extent extent = extentOf(write.slot());
    return new SlotHeader(
        extent.fileHi(),
        extent.fileLo(),
        write.slot(),
        write.key(),
        write.parent(),
        fingerprint,
        write.generation(),
        write.priority(),
        byteSize,
        checksum);
  }

  // ---- the store

  /** {@return what the store holds and counted since it was opened; looks at every slot} */
  public SlabStatistics statistics() {
    gate.enter();
    try {
      long blocks = 0;
      long byteSize = 0;
      for (int slot = 0; slot < layout.slots(); slot++) {
        if (table.state(slot) == SlotTable.HELD) {
          blocks++;
          byteSize += table.byteSize(slot, layout.bodyByteSize());
        }
      }
      return meters.statistics(blocks, byteSize);
    } finally {
      gate.leave();
    }
  }

  /** {@return whether all of its files bypass the page cache} */
  public boolean isDirect() {
    return extents.stream().allMatch(extent -> extent.file().isDirect());
  }

  @Override
  public int slots() {
    return layout.slots();
  }

  @Override
  public long slotByteSize() {
    return slotByteSize;
  }

  @Override
  public RecoveryReport recover(Consumer<StoredBlock> found) {
    gate.enter();
    try {
      long start = environment.clock().nanoTime();
      int discarded = 0;
      if (!fromSnapshot) {
        HeaderScan scan = new HeaderScan(this);
        scan.run();
        discarded = scan.discarded();
      }
      recovered = true;
      discarded += dropDoubles();
      int count = 0;
      for (int slot = 0; slot < layout.slots(); slot++) {
        if (table.state(slot) == SlotTable.HELD) {
          found.accept(table.stored(slot, fingerprint));
          count++;
        }
      }
      long elapsed = environment.clock().nanoTime() - start;
      meters.recovered(elapsed);
      return new RecoveryReport(count, discarded, elapsed);
    } finally {
      gate.leave();
    }
  }

  private int dropDoubles() {
    KeyIndex index = new KeyIndex(table);
    int dropped = 0;
    for (int slot = 0; slot < layout.slots(); slot++) {
      if (table.state(slot) == SlotTable.HELD && index.add(slot)) {
        dropped++;
      }
    }
    return dropped;
  }

  @Override
  public void write(List<BlockWrite> writes, TransferCompletion completion) {
    start(
        writes, completion, (batch, block) -> new SlotWrite(this, batch, block, writes.get(block)));
  }

  @Override
  public void read(List<BlockRead> reads, TransferCompletion completion) {
    start(reads, completion, (batch, block) -> new SlotRead(this, batch, block, reads.get(block)));
  }

  private interface Starter {
    SlotOperation operation(SlabBatch batch, int block);
  }

  private void start(List<?> blocks, TransferCompletion completion, Starter starter) {
    try {
      gate.enter();
    } catch (ClosedException closed) {
      SlabBatch refused = batch(blocks.size(), completion, () -> {});
      for (int block = 0; block < blocks.size(); block++) {
        refused.failed(block, closed);
        refused.ended();
      }
      refused.ended();
      return;
    }
    SlabBatch batch = batch(blocks.size(), completion, gate::leave);
    for (int block = 0; block < blocks.size(); block++) {
      starter.operation(batch, block).run();
    }
    batch.ended();
  }

  private SlabBatch batch(int blockCount, TransferCompletion completion, Runnable afterLast) {
    return new SlabBatch(blockCount, completion, afterLast, environment.logger());
  }

  @Override
  public void invalidate(int slot, long generation) {
    gate.enter();
    try {
      checkSlot(slot);
      table.invalidate(slot, generation);
    } finally {
      gate.leave();
    }
  }

  /** Runs something when the store has been closed. */
  void afterClose(Runnable then) {
    afterClose = then;
  }

  /**
   * {@inheritDoc}
   *
   * <p>Wipes the headers of what was forgotten, syncs, and leaves a snapshot of the index. What of
   * this the disk refuses costs the next open a scan, and no more.
   */
  @Override
  public void close() {
    if (!gate.close()) {
      return;
    }
    try {
      if (recovered || fromSnapshot) {
        leaveInOrder();
      }
    } finally {
      open.close();
      afterClose.run();
    }
  }

  /** Lets go of files and memory as the death of the process does; for tests. */
  void abandon() {
    gate.close();
    open.close();
  }

  private void leaveInOrder() {
    try {
      wipeStale();
      extents.forEach(extent -> extent.file().sync(false));
      snapshot.write(table);
    } catch (KvbmException e) {
      environment
          .logger()
          .log(
              System.Logger.Level.WARNING,
              "the block store in {0} leaves no index; the next open scans all headers: {1}",
              settings.directory(),
              e.getMessage());
    }
  }

  /** Zeroes the headers of slots that must not be found again. */
  private void wipeStale() {
    List<IoRequest> wipes = new ArrayList<>();
    try (Arena arena = engine().newArena()) {
      MemorySegment blank = arena.allocate(DiskPages.PAGE, DiskPages.PAGE);
      for (int slot = 0; slot < layout.slots(); slot++) {
        if (table.isStale(slot)) {
          wipes.add(
              IoRequest.write(extentOf(slot).file(), layout.positionOf(slot), blank, (_, _) -> {}));
          table.wiped(slot);
        }
        if (wipes.size() == WIPES_AT_ONCE) {
          engine().run(wipes);
          wipes.clear();
        }
      }
      engine().run(wipes);
    }
  }
}
