package io.kvbm.core.objects;

import io.kvbm.api.BackendException;
import io.kvbm.api.CallerException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.CorruptionException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.TransientException;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.storage.Region;
import io.kvbm.api.store.BlockRead;
import io.kvbm.api.store.BlockStore;
import io.kvbm.api.store.BlockStoreFactory;
import io.kvbm.api.store.BlockWrite;
import io.kvbm.api.store.Durability;
import io.kvbm.api.store.ObjectStore;
import io.kvbm.api.store.PutOptions;
import io.kvbm.api.store.RecoveryReport;
import io.kvbm.api.store.StoredBlock;
import io.kvbm.api.transfer.TransferCompletion;
import io.kvbm.core.tier.SharedBlocks;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Blocks in an object store, one object each under {@code hi/lo} of its key, with a header that
 * echoes what it is. Equal keys are equal bytes, so that a block another process wrote serves as
 * well as one's own: {@link #find} looks for it, {@link #adopt} gives it a slot. Whoever wrote it
 * may delete it any time, which is a miss like any other.
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

  private static final int STRIPES = 256;
  private static final int PAGE = 1000;

  private final ObjectStore objects;
  private final BlockStoreFactory.Spec spec;
  private final Sharing sharing;
  private final long owner;
  private final int atOnce;
  private final BoundedWork work;
  private final AtomicReferenceArray<@Nullable Held> slots;
  private final ReentrantLock[] locks = new ReentrantLock[STRIPES];
  private boolean closed;

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
      Executor executor) {
    this.objects = objects;
    this.spec = spec;
    this.sharing = sharing;
    this.owner = owner;
    atOnce = inFlight;
    work = new BoundedWork(executor, inFlight);
    slots = new AtomicReferenceArray<>(spec.slots());
    java.util.Arrays.setAll(locks, _ -> new ReentrantLock());
  }

  @Override
  public int slots() {
    return spec.slots();
  }

  @Override
  public long slotByteSize() {
    return spec.slotByteSize();
  }

  static String name(BlockKey key) {
    return "%016x/%016x".formatted(key.hi(), key.lo());
  }

  /** Gives blocks the slots they had, or the next free ones, as long as there are any. */
  @Override
  public RecoveryReport recover(Consumer<StoredBlock> found) {
    List<BlockKey> keys = new ArrayList<>();
    int discarded = 0;
    String after = "";
    while (true) {
      var page = objects.list("", after, PAGE);
      for (var stat : page) {
        Optional<BlockKey> key = keyOf(stat.key());
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

  private static Optional<BlockKey> keyOf(String name) {
    if (!name.matches("[0-9a-f]{16}/[0-9a-f]{16}")) {
      return Optional.empty();
    }
    return Optional.of(
        new BlockKey(
            Long.parseUnsignedLong(name.substring(0, 16), 16),
            Long.parseUnsignedLong(name.substring(17), 16)));
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
            lookup.complete(header(key));
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

  /** {@return the header of a block of ours; empty if there is none or it is another's} */
  private Optional<BlockHeader> header(BlockKey key) {
    MemorySegment bytes = MemorySegment.ofArray(new byte[BlockHeader.BYTE_SIZE]);
    return objects
        .getRange(name(key), 0, new Region.HostRegion(bytes))
        .filter(read -> read == BlockHeader.BYTE_SIZE)
        .flatMap(_ -> BlockHeader.decode(bytes))
        .filter(found -> found.key().equals(key) && found.fingerprint() == spec.fingerprint());
  }

  @Override
  public CompletionStage<List<StoredBlock>> findPrefix(
      List<BlockKey> keys, BooleanSupplier isOver) {
    if (sharing == Sharing.ALL) {
      return CompletableFuture.completedStage(List.of()); // there are no others
    }
    return new PrefixSearch(keys, () -> isClosed() || isOver.getAsBoolean(), atOnce, this::others)
        .start();
  }

  /** What is of this store and in no slot is being deleted. */
  private CompletableFuture<Optional<StoredBlock>> others(BlockKey key) {
    return headerOf(key)
        .thenApply(
            found ->
                found.filter(header -> header.owner() != owner).map(h -> at(stored(h), NO_SLOT)));
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
    long byteSize = lengthOf(write.source());
    if (byteSize > slotByteSize()) {
      throw new CallerException(
          ErrorCode.OUT_OF_BOUNDS,
          "block %s of %d bytes does not fit a slot of %d bytes"
              .formatted(write.key(), byteSize, slotByteSize()));
    }
    vacate(slots.getAndSet(write.slot(), null), write.key());
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment object = arena.allocate(BlockHeader.BYTE_SIZE + byteSize, 8);
      MemorySegment bytes = object.asSlice(BlockHeader.BYTE_SIZE);
      long at = 0;
      for (Region part : write.source()) {
        MemorySegment source = host(part);
        MemorySegment.copy(source, 0, bytes, at, source.byteSize());
        at += source.byteSize();
      }
      int checksum = BlockHeader.crc(bytes);
      if (!write.matches(checksum)) {
        throw new CorruptionException(
            ErrorCode.CORRUPT,
            "block %s was damaged on its way to slot %d; it is not kept"
                .formatted(write.key(), write.slot()));
      }
      new BlockHeader(
              write.key(),
              write.parent(),
              write.slot(),
              write.generation(),
              write.priority(),
              spec.fingerprint(),
              owner,
              byteSize,
              checksum)
          .encode(object);
      locked(write.key(), () -> objects.put(name(write.key()), object, PutOptions.DEFAULT));
    }
    slots.set(write.slot(), new Held(write.key(), write.generation(), false));
    return byteSize;
  }

  /** Another block has taken a slot: what was in it goes, where it is ours. */
  private void vacate(@Nullable Held former, BlockKey next) {
    if (former != null && !former.isAdopted && !former.key.equals(next)) {
      work.submit(() -> forget(former));
    }
  }

  private void locked(BlockKey key, Runnable action) {
    ReentrantLock lock = locks[Math.floorMod(key.hashCode(), STRIPES)];
    lock.lock();
    try {
      action.run();
    } finally {
      lock.unlock();
    }
  }

  private long load(BlockRead read) {
    checkSlot(read.slot());
    Held held = slots.get(read.slot());
    if (held == null) {
      throw missing(read);
    }
    if (!held.key.equals(read.key()) || held.generation != read.generation()) {
      throw corrupt(read, "it holds %s of generation %d".formatted(held.key, held.generation));
    }
    long byteSize = lengthOf(read.target());
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment object = arena.allocate(BlockHeader.BYTE_SIZE + slotByteSize(), 8);
      long found =
          objects
              .get(name(read.key()), new Region.HostRegion(object))
              .orElseThrow(() -> missing(read))
              .byteSize();
      BlockHeader header = BlockHeader.decode(object.asSlice(0, found)).orElse(null);
      check(read, header, held, found, byteSize);
      MemorySegment bytes = object.asSlice(BlockHeader.BYTE_SIZE, byteSize);
      if (BlockHeader.crc(bytes) != Objects.requireNonNull(header, "checked").checksum()) {
        throw corrupt(read, "its bytes have another CRC32C");
      }
      long at = 0;
      for (Region part : read.target()) {
        MemorySegment target = host(part);
        MemorySegment.copy(bytes, at, target, 0, target.byteSize());
        at += target.byteSize();
      }
      return byteSize;
    } catch (CallerException e) {
      throw e.code() == ErrorCode.OUT_OF_BOUNDS ? corrupt(read, "the object is too long") : e;
    }
  }

  private void check(
      BlockRead read, @Nullable BlockHeader header, Held held, long found, long byteSize) {
    if (header == null) {
      throw corrupt(read, "its header is damaged");
    }
    if (!header.key().equals(read.key()) || header.fingerprint() != spec.fingerprint()) {
      throw corrupt(
          read, "it is %s of fingerprint %016x".formatted(header.key(), header.fingerprint()));
    }
    // Another process may have put the same bytes under its own generation, or this one into
    // another slot.
    if (!held.isAdopted && header.owner() == owner && header.generation() != read.generation()) {
      throw corrupt(read, "it has generation " + header.generation());
    }
    if (header.byteSize() + BlockHeader.BYTE_SIZE != found) {
      throw corrupt(read, "the object has %d bytes".formatted(found));
    }
    if (header.byteSize() != byteSize) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "block %s has %d bytes, the target %d"
              .formatted(read.key(), header.byteSize(), byteSize));
    }
  }

  private static CallerException missing(BlockRead read) {
    return new CallerException(
        ErrorCode.NOT_FOUND,
        "slot %d holds no block, wanted %s".formatted(read.slot(), read.key()));
  }

  private static CorruptionException corrupt(BlockRead read, String why) {
    return new CorruptionException(
        ErrorCode.CORRUPT,
        "slot %d does not give block %s: %s; compute it again"
            .formatted(read.slot(), read.key(), why));
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
      locked(
          held.key,
          () -> {
            boolean deletable =
                header(held.key)
                    .filter(
                        found ->
                            sharing == Sharing.ALL
                                || found.owner() == owner && found.generation() == held.generation)
                    .isPresent();
            if (deletable) {
              objects.delete(name(held.key), Durability.NONE);
            }
          });
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

  private synchronized boolean isClosed() {
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

  private static long lengthOf(List<Region> regions) {
    return regions.stream().mapToLong(Region::byteSize).sum();
  }

  private static MemorySegment host(Region region) {
    if (region instanceof Region.HostRegion host) {
      return host.segment();
    }
    throw new CallerException(
        ErrorCode.NOT_ACCESSIBLE,
        "blocks in objects take host regions only, got " + region.getClass().getSimpleName());
  }
}
