package io.kvbm.core.objects;

import io.kvbm.api.BackendException;
import io.kvbm.api.CallerException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.TransientException;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.spi.Clock;
import io.kvbm.api.store.BlockRead;
import io.kvbm.api.store.BlockStore;
import io.kvbm.api.store.BlockStoreFactory;
import io.kvbm.api.store.BlockWrite;
import io.kvbm.api.store.ObjectStore;
import io.kvbm.api.store.RecoveryReport;
import io.kvbm.api.store.StoredBlock;
import io.kvbm.api.transfer.TransferCompletion;
import io.kvbm.core.tier.SharedBlocks;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Blocks in an object store, one object each under {@code hi/lo} of its key, with a header that
 * echoes what it is. Equal keys are equal bytes, so that a block another process wrote serves as
 * well as one's own: {@link #find} looks for it, {@link #adopt} gives it a slot. Whoever wrote it
 * may delete it any time, which is a miss like any other.
 *
 * <p>{@link #mayHave} and {@link #findPrefix} go by a list of names that is kept in memory and made
 * anew in the background: what it lacks is a miss without a request, and what another process wrote
 * meanwhile is found with the next list, about a second later where there are few blocks.
 *
 * <p>Ownership: closes its object store. Threading: safe from any thread; calls return at once but
 * {@link #recover}, {@link #findAll} and {@link #close}.
 */
public final class ObjectBlocks implements BlockStore, SharedBlocks {

  /** A slot of a block that was found and has none yet. */
  public static final int NO_SLOT = -1;

  /** Whose blocks {@link #invalidate} deletes. */
  public enum Sharing {
    /** Those this store wrote. */
    OWN_ONLY,
    /** All: nobody else uses the object store. */
    ALL
  }

  private static final int PAGE = 1000;

  /** A list of the names of so many blocks takes 64 MiB. */
  private static final int MOST_KNOWN = 4 << 20;

  private final BlockObjects objects;
  private final BlockStoreFactory.Spec spec;
  private final Sharing sharing;
  private final int atOnce;
  private final BoundedWork work;
  private final AtomicReferenceArray<@Nullable Held> slots;
  private final KnownBlocks known;
  private volatile boolean closed;

  /**
   * What a slot holds.
   *
   * @param isAdopted whether it is known to be another's, who may take it away
   */
  private record Held(BlockKey key, long generation, boolean isAdopted) {}

  /** What is done to one block; gives the bytes moved. */
  private interface Step {
    long move(int block);
  }

  ObjectBlocks(
      ObjectStore objects,
      BlockStoreFactory.Spec spec,
      Sharing sharing,
      long owner,
      int inFlight,
      Executor executor,
      Clock clock) {
    this.objects = new BlockObjects(objects, spec, owner);
    this.spec = spec;
    this.sharing = sharing;
    atOnce = inFlight;
    work = new BoundedWork(executor, inFlight);
    slots = new AtomicReferenceArray<>(spec.slots());
    known = new KnownBlocks(this.objects, work, clock, MOST_KNOWN, this::isClosed);
  }

  @Override
  public int slots() {
    return spec.slots();
  }

  @Override
  public long slotByteSize() {
    return spec.slotByteSize();
  }

  /** Gives blocks the slots they had, or the next free ones, as long as there are any. */
  @Override
  public RecoveryReport recover(Consumer<StoredBlock> found) {
    List<BlockKey> keys = new ArrayList<>();
    int discarded = 0;
    String after = "";
    while (true) {
      var page = objects.list(after, PAGE);
      for (var stat : page) {
        Optional<BlockKey> key = BlockObjects.keyOf(stat.key());
        key.ifPresent(keys::add);
        discarded += key.isEmpty() ? 1 : 0;
      }
      if (page.size() < PAGE || keys.size() >= slots()) {
        break;
      }
      after = page.getLast().key();
    }
    int recovered = 0;
    int free = 0;
    List<StoredBlock> moved = new ArrayList<>();
    for (CompletableFuture<Optional<StoredBlock>> lookup :
        keys.stream().map(this::lookup).toList()) {
      Optional<StoredBlock> block = lookup.exceptionally(_ -> Optional.empty()).join();
      if (block.isEmpty()) {
        discarded++;
      } else if (isFree(block.get().slot())) {
        tell(found, block.get(), block.get().slot());
        recovered++;
      } else {
        moved.add(block.get());
      }
    }
    for (StoredBlock block : moved) {
      while (free < slots() && !isFree(free)) {
        free++;
      }
      if (free == slots()) {
        break;
      }
      tell(found, block, free);
      recovered++;
    }
    if (sharing != Sharing.ALL) {
      known.refresh();
    }
    return new RecoveryReport(recovered, discarded, 0);
  }

  private boolean isFree(int slot) {
    return slot >= 0 && slot < slots() && slots.get(slot) == null;
  }

  private void tell(Consumer<StoredBlock> found, StoredBlock block, int slot) {
    slots.set(slot, new Held(block.key(), block.generation(), false));
    found.accept(at(block, slot));
  }

  private static StoredBlock at(StoredBlock block, int slot) {
    return new StoredBlock(
        slot,
        block.key(),
        block.parent(),
        block.generation(),
        block.fingerprint(),
        block.priority());
  }

  /**
   * {@return a block of this store's fingerprint, whoever wrote it, without a slot; empty if there
   * is none}
   *
   * @param key its identity
   * @param timeoutNanos how long to wait, in nanoseconds
   * @throws TransientException with {@link ErrorCode#DEADLINE_EXCEEDED} if the store did not answer
   */
  public Optional<StoredBlock> find(BlockKey key, long timeoutNanos) {
    return findAll(List.of(key), timeoutNanos).getFirst();
  }

  /**
   * Looks for blocks, several at once.
   *
   * @param keys their identities
   * @param timeoutNanos how long to wait for all, in nanoseconds
   * @return one answer for each key, without slots
   * @throws TransientException with {@link ErrorCode#DEADLINE_EXCEEDED} if the store did not answer
   */
  public List<Optional<StoredBlock>> findAll(List<BlockKey> keys, long timeoutNanos) {
    if (isClosed()) {
      refuse();
    }
    List<CompletableFuture<Optional<StoredBlock>>> lookups =
        keys.stream().map(this::lookup).toList();
    try {
      CompletableFuture.allOf(lookups.toArray(CompletableFuture[]::new))
          .get(timeoutNanos, TimeUnit.NANOSECONDS);
      return lookups.stream()
          .map(CompletableFuture::join)
          .map(found -> found.map(block -> at(block, NO_SLOT)))
          .toList();
    } catch (TimeoutException e) {
      throw new TransientException(
          ErrorCode.DEADLINE_EXCEEDED,
          "%d blocks were not looked up within %d ns; count them as missing"
              .formatted(keys.size(), timeoutNanos),
          e);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof KvbmException known ? known : failure(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new TransientException(ErrorCode.CANCELLED, "a look-up was interrupted", e);
    }
  }

  private static BackendException failure(Throwable e) {
    return new BackendException(ErrorCode.OPERATION_FAILED, "a block failed: " + e, e);
  }

  private CompletableFuture<Optional<StoredBlock>> lookup(BlockKey key) {
    return headerOf(key).thenApply(found -> found.map(ObjectBlocks::stored));
  }

  private CompletableFuture<Optional<BlockHeader>> headerOf(BlockKey key) {
    CompletableFuture<Optional<BlockHeader>> lookup = new CompletableFuture<>();
    work.submit(
        () -> {
          try {
            lookup.complete(objects.header(key));
          } catch (RuntimeException | Error e) {
            lookup.completeExceptionally(e);
          }
        });
    return lookup;
  }

  private static StoredBlock stored(BlockHeader header) {
    return new StoredBlock(
        header.slot(),
        header.key(),
        header.parent(),
        header.generation(),
        header.fingerprint(),
        header.priority());
  }

  @Override
  public boolean mayHave(BlockKey key) {
    return sharing != Sharing.ALL && !isClosed() && known.mayHave(key); // else there are no others
  }

  @Override
  public CompletionStage<List<StoredBlock>> findPrefix(
      List<BlockKey> keys, BooleanSupplier isOver) {
    boolean isListed = known.isComplete();
    int count = 0;
    while (count < keys.size() && mayHave(keys.get(count))) {
      count++;
    }
    return new PrefixSearch(
            keys.subList(0, count),
            () -> isClosed() || isOver.getAsBoolean(),
            isListed ? atOnce : 1,
            atOnce,
            this::others)
        .start();
  }

  /** What is of this store and in no slot is being deleted. */
  private CompletableFuture<Optional<StoredBlock>> others(BlockKey key) {
    return headerOf(key)
        .thenApply(
            found ->
                found.filter(header -> !objects.isOwn(header)).map(h -> at(stored(h), NO_SLOT)));
  }

  @Override
  public void adopt(int slot, long generation, StoredBlock found) {
    checkSlot(slot);
    vacate(slots.getAndSet(slot, new Held(found.key(), generation, true)), found.key());
  }

  @Override
  public void write(List<BlockWrite> writes, TransferCompletion completion) {
    start(writes.size(), block -> store(writes.get(block)), completion);
  }

  @Override
  public void read(List<BlockRead> reads, TransferCompletion completion) {
    start(reads.size(), block -> load(reads.get(block)), completion);
  }

  private void start(int blockCount, Step step, TransferCompletion completion) {
    if (blockCount == 0) {
      completion.drained();
      return;
    }
    boolean refused = isClosed();
    AtomicInteger left = new AtomicInteger(blockCount);
    for (int i = 0; i < blockCount; i++) {
      int block = i;
      work.submit(
          () -> {
            move(block, refused ? _ -> refuse() : step, completion);
            if (left.decrementAndGet() == 0) {
              completion.drained();
            }
          });
    }
  }

  private void move(int block, Step step, TransferCompletion completion) {
    if (completion.isCancelled()) {
      completion.cancelled(block);
      return;
    }
    long byteSize;
    try {
      byteSize = step.move(block);
    } catch (KvbmException e) {
      completion.failed(block, e);
      return;
    } catch (RuntimeException | Error e) {
      completion.failed(block, failure(e));
      return;
    }
    completion.done(block, byteSize);
  }

  private long store(BlockWrite write) {
    checkSlot(write.slot());
    long byteSize = BlockObjects.lengthOf(write.source());
    if (byteSize > slotByteSize()) {
      throw new CallerException(
          ErrorCode.OUT_OF_BOUNDS,
          "block %s of %d bytes does not fit a slot of %d bytes"
              .formatted(write.key(), byteSize, slotByteSize()));
    }
    vacate(slots.getAndSet(write.slot(), null), write.key());
    objects.put(write);
    slots.set(write.slot(), new Held(write.key(), write.generation(), false));
    return byteSize;
  }

  /** Another block has taken a slot: what was in it goes, where it is ours. */
  private void vacate(@Nullable Held former, BlockKey next) {
    if (former != null && !former.isAdopted && !former.key.equals(next)) {
      work.submit(() -> forget(former));
    }
  }

  private long load(BlockRead read) {
    checkSlot(read.slot());
    Held held = slots.get(read.slot());
    if (held == null) {
      throw BlockObjects.missing(read);
    }
    if (!held.key.equals(read.key()) || held.generation != read.generation()) {
      throw BlockObjects.corrupt(
          read, "it holds %s of generation %d".formatted(held.key, held.generation));
    }
    return objects.get(read, held.isAdopted);
  }

  @Override
  public void invalidate(int slot, long generation) {
    checkSlot(slot);
    Held held = slots.get(slot);
    if (held != null
        && held.generation == generation
        && slots.compareAndSet(slot, held, null)
        && !held.isAdopted) {
      work.submit(() -> forget(held));
    }
  }

  /** Deletes an object if it is still the one meant, and ours to delete. */
  private void forget(Held held) {
    try {
      objects.deleteIf(
          held.key,
          found ->
              sharing == Sharing.ALL
                  || objects.isOwn(found) && found.generation() == held.generation);
    } catch (KvbmException e) {
      // It stays, as garbage that is never wrong; a quota or age of the object store collects it.
    }
  }

  @Override
  public void close() {
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
    }
    work.drain();
    objects.close();
  }

  private boolean isClosed() {
    return closed;
  }

  private static long refuse() {
    throw new ClosedException(
        ErrorCode.CLOSED, "the block store on objects is closed; open it again");
  }

  private void checkSlot(int slot) {
    if (slot < 0 || slot >= slots()) {
      throw new CallerException(
          ErrorCode.OUT_OF_BOUNDS, "slot " + slot + " is not below " + slots());
    }
  }
}
