package io.kvbm.testkit.contract;

import io.kvbm.api.KvbmException;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.storage.Region;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.storage.StorageAllocator;
import io.kvbm.api.store.BlockRead;
import io.kvbm.api.store.BlockStore;
import io.kvbm.api.store.BlockStoreFactory;
import io.kvbm.api.store.BlockWrite;
import io.kvbm.api.store.Durability;
import io.kvbm.api.store.Log;
import io.kvbm.api.store.LogFactory;
import io.kvbm.api.store.ObjectStore;
import io.kvbm.api.store.ObjectStoreFactory;
import io.kvbm.api.store.OpenMode;
import io.kvbm.api.store.PutOptions;
import io.kvbm.api.transfer.Route;
import io.kvbm.api.transfer.TransferBatch;
import io.kvbm.api.transfer.TransferCompletion;
import io.kvbm.api.transfer.Transport;
import io.kvbm.testkit.BackendHarness;
import io.kvbm.testkit.BytePatterns;
import io.kvbm.testkit.HostStorage;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;

/**
 * One small use of each part a backend offers, for contracts that ask how a use ends and not what
 * it gives: whether the bytes are right is asked by the contract of the part.
 */
final class Workload {

  private static final int BYTE_SIZE = 20_000;

  private final Backend backend;
  private final BackendHarness harness;

  Workload(Backend backend, BackendHarness harness) {
    this.backend = backend;
    this.harness = harness;
  }

  /** One use: gives normally, or throws what the backend throws or reports. */
  @FunctionalInterface
  interface Use {
    void run() throws Exception;
  }

  /** A transport and what makes the storages at both ends of a route it supports. */
  record Lane(Transport transport, LongFunction<Storage> source, LongFunction<Storage> target) {}

  /** {@return the uses by name} */
  Map<String, Use> uses() {
    Map<String, Use> uses = new LinkedHashMap<>();
    for (StorageAllocator allocator : backend.allocators()) {
      uses.put("allocate " + allocator.storageKind(), () -> allocate(allocator));
    }
    uses.put("transfer", this::transfer);
    backend.blockStores().forEach(factory -> uses.put("block store", () -> blocks(factory)));
    backend.objectStores().forEach(factory -> uses.put("object store", () -> objects(factory)));
    backend.logs().forEach(factory -> uses.put("log", () -> log(factory)));
    return uses;
  }

  /** Makes every use; what a broken part throws is its own contract's to say. */
  void runAll() {
    uses().values().forEach(Workload::works);
  }

  /** {@return whether a use works} */
  static boolean works(Use use) {
    try {
      use.run();
      return true;
    } catch (Exception e) {
      return false;
    }
  }

  /** {@return a route that one of the transports supports; skips the test where there is none} */
  static Lane anyLane(Backend backend, BackendHarness harness) {
    Optional<Lane> lane = new Workload(backend, harness).lane();
    Assumptions.assumeTrue(lane.isPresent(), "no route is supported: see TransportContract");
    return lane.orElseThrow();
  }

  /** {@return a route that one of the transports supports, or empty} */
  Optional<Lane> lane() {
    List<LongFunction<Storage>> makers = new ArrayList<>();
    backend.allocators().forEach(allocator -> makers.add(allocator::allocate));
    makers.add(HostStorage::new);
    for (Transport transport : backend.transports()) {
      for (LongFunction<Storage> source : makers) {
        for (LongFunction<Storage> target : makers) {
          try (Storage from = source.apply(1);
              Storage to = target.apply(1)) {
            if (transport.supports(Route.between(from, to))) {
              return Optional.of(new Lane(transport, source, target));
            }
          }
        }
      }
    }
    return Optional.empty();
  }

  private static void allocate(StorageAllocator allocator) {
    try (Storage storage = allocator.allocate(BYTE_SIZE)) {
      storage.memset(1, 0, 1000);
    }
  }

  private void transfer() throws Exception {
    Optional<Lane> lane = lane();
    if (lane.isEmpty()) {
      return;
    }
    try (Storage source = lane.get().source().apply(BYTE_SIZE);
        Storage target = lane.get().target().apply(BYTE_SIZE)) {
      source.memset(1, 0, BYTE_SIZE);
      End end = new End();
      lane.get()
          .transport()
          .submit(TransferBatch.builder().add(0, source, 0, target, 0, BYTE_SIZE).build(), end);
      end.await();
    }
  }

  private void blocks(BlockStoreFactory factory) throws Exception {
    try (BlockStore store = factory.open(new BlockStoreFactory.Spec(2, 4096, 1))) {
      store.recover(_ -> {});
      BlockKey key = BlockKey.derived(1);
      List<Region> bytes = List.of(new Region.HostRegion(BytePatterns.heap(4096, 1)));
      End written = new End();
      store.write(List.of(new BlockWrite(0, key, null, 1, 0, bytes)), written);
      written.await();
      End read = new End();
      MemorySegment target = MemorySegment.ofArray(new byte[4096]);
      store.read(List.of(new BlockRead(0, key, 1, List.of(new Region.HostRegion(target)))), read);
      read.await();
    }
  }

  private void objects(ObjectStoreFactory factory) {
    try (ObjectStore store = factory.open(harness.location("workload"), OpenMode.WRITE)) {
      store.put("key", BytePatterns.heap(BYTE_SIZE, 1), PutOptions.DEFAULT);
      store.getBytes("key");
      store.delete("key", Durability.NONE);
    }
  }

  private void log(LogFactory factory) throws Exception {
    try (Log log = factory.open(harness.location("workload-log"))) {
      log.append(BytePatterns.heap(100, 1), Durability.WRITTEN)
          .toCompletableFuture()
          .get(harness.deadline().toNanos(), TimeUnit.NANOSECONDS);
      log.truncateBefore(log.nextSequence());
    } catch (CompletionException e) {
      throw e.getCause() instanceof Exception cause ? cause : e;
    }
  }

  /** Waits for the end of a batch and throws the first failure it was told. */
  private final class End implements TransferCompletion {
    private final CountDownLatch drained = new CountDownLatch(1);
    private volatile @Nullable KvbmException failure;

    @Override
    public void done(int block, long byteSize) {
      // How many bytes moved is the transport contract's to check.
    }

    @Override
    public void failed(int block, KvbmException cause) {
      failure = cause;
    }

    @Override
    public void cancelled(int block) {
      throw new AssertionError("block " + block + " cancelled, and nobody asked for it");
    }

    @Override
    public void drained() {
      drained.countDown();
    }

    void await() throws Exception {
      if (!drained.await(harness.deadline().toNanos(), TimeUnit.NANOSECONDS)) {
        throw new AssertionError("not drained after " + harness.deadline());
      }
      KvbmException cause = failure;
      if (cause != null) {
        throw cause;
      }
    }
  }
}
