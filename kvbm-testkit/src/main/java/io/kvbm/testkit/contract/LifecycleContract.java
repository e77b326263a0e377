package io.kvbm.testkit.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendProvider;
import io.kvbm.api.storage.AllocationRequest;
import io.kvbm.api.storage.Region;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.storage.StorageAllocator;
import io.kvbm.api.store.BlockRead;
import io.kvbm.api.store.BlockStore;
import io.kvbm.api.store.BlockStoreFactory;
import io.kvbm.api.store.Log;
import io.kvbm.api.store.LogFactory;
import io.kvbm.api.store.ObjectStore;
import io.kvbm.api.store.ObjectStoreFactory;
import io.kvbm.api.store.OpenMode;
import io.kvbm.api.transfer.TransferBatch;
import io.kvbm.testkit.Feature;
import io.kvbm.testkit.RecordingCompletion;
import io.kvbm.testkit.TestContext;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The contract of opening and closing a {@link Backend}. */
public abstract class LifecycleContract extends BackendContract {

  /** Millisecond samples in a row that must find a thread waiting before it counts as waiting. */
  private static final int WAITING_SAMPLES = 20;

  /** Creates the contract; called by JUnit. */
  protected LifecycleContract() {}

  private BackendProvider provider() {
    return openHarness().provider();
  }

  private static void assertAllocates(Backend open) {
    for (StorageAllocator allocator : open.allocators()) {
      allocator.allocate(4096).close();
    }
  }

  @Test
  void closingTwiceDoesNothing() {
    backend().close();
    backend().close();
  }

  @Test
  void canBeOpenedAgainAfterClosing() {
    backend().close();
    try (Backend again = provider().open(context(), openHarness().config())) {
      assertThat(again.transports()).hasSameSizeAs(backend().transports());
      assertAllocates(again);
    }
  }

  @Test
  void closesNothingItWasLent() throws Exception {
    backend().close();
    CountDownLatch ran = new CountDownLatch(2);
    context().ioExecutor().execute(ran::countDown);
    context().computeExecutor().execute(ran::countDown);
    assertThat(ran.await(openHarness().deadline().toNanos(), TimeUnit.NANOSECONDS)).isTrue();
  }

  @Test
  void providerIsStateless() {
    List<String> state = new ArrayList<>();
    for (Class<?> type = provider().getClass(); type != Object.class; type = type.getSuperclass()) {
      for (var field : type.getDeclaredFields()) {
        if (!Modifier.isFinal(field.getModifiers()) && !field.getName().startsWith("$")) {
          state.add(field.getName());
        }
      }
    }
    assertThat(state).as("fields of the provider that can change").isEmpty();
  }

  @Test
  void backendsOfOneProviderAreIndependent() {
    BackendProvider provider = provider();
    try (TestContext otherContext = openHarness().context()) {
      Backend first = provider.open(context(), openHarness().config());
      Backend second = provider.open(otherContext, openHarness().otherConfig());
      second.close();
      assertAllocates(first);
      first.close();
      assertAllocates(backend());
    }
  }

  @Test
  void aFailedOpenLeavesTheNextOneWhole() {
    for (int i = 0; i < 3; i++) {
      try {
        provider().open(context(), openHarness().config().with("noSuchSetting", "1")).close();
      } catch (KvbmException refused) {
        assertOneLine(refused);
      }
      try (Backend open = provider().open(context(), openHarness().config())) {
        assertAllocates(open);
      }
    }
  }

  @Test
  void openingWithoutMemoryWorksOrIsATypedError() {
    context().refuseMemory(true);
    try (Backend open = provider().open(context(), openHarness().config())) {
      assertThat(open).isNotNull();
    } catch (KvbmException refused) {
      assertOneLine(refused);
    } finally {
      context().refuseMemory(false);
    }
    try (Backend open = provider().open(context(), openHarness().config())) {
      assertAllocates(open);
    }
  }

  @Test
  void allocatorsRefuseAfterClose() {
    List<StorageAllocator> allocators = offered(Feature.ALLOCATION, Backend::allocators);
    backend().close();
    for (StorageAllocator allocator : allocators) {
      assertRefused(ErrorCode.CLOSED, () -> allocator.allocate(4096).close());
      assertRefused(ErrorCode.CLOSED, () -> allocator.tryAllocate(AllocationRequest.of(1)));
    }
  }

  @Test
  void storagesAreTheirCallersAlsoAfterClose() {
    for (StorageAllocator allocator : offered(Feature.ALLOCATION, Backend::allocators)) {
      Storage storage = allocator.allocate(4096);
      assertThat(storage.isClosed()).isFalse();
      storage.memset(1, 0, 1);
      backend().close();
      assertThat(storage.byteSize()).isPositive();
      storage.close();
      storage.close();
      assertThat(storage.isClosed()).isTrue();
      break; // the backend is closed now
    }
  }

  @Test
  void transportsRefuseAfterCloseBlockByBlock() {
    offered(Feature.TRANSFER, Backend::transports);
    Workload.Lane lane = Workload.anyLane(backend(), openHarness());
    try (Storage source = lane.source().apply(4096);
        Storage target = lane.target().apply(4096)) {
      TransferBatch batch =
          TransferBatch.builder()
              .add(0, source, 0, target, 0, 100)
              .add(1, source, 200, target, 200, 100)
              .build();
      backend().close();
      RecordingCompletion completion = completion(2);
      lane.transport().submit(batch, completion);
      for (int block = 0; block < 2; block++) {
        KvbmException cause = completion.awaitFailure(block);
        assertThat(cause.code()).as("code of: %s", cause).isEqualTo(ErrorCode.CLOSED);
        assertOneLine(cause);
      }
    }
  }

  @Test
  void blockStoresCloseWithTheBackend() {
    BlockStoreFactory factory = offered(Feature.BLOCK_STORE, Backend::blockStores).getFirst();
    BlockStoreFactory.Spec spec = new BlockStoreFactory.Spec(2, 4096, 1);
    BlockStore store = factory.open(spec);
    store.recover(_ -> {});
    backend().close();
    Region target = new Region.HostRegion(MemorySegment.ofArray(new byte[100]));
    RecordingCompletion read = completion(1);
    store.read(List.of(new BlockRead(0, BlockKey.derived(1), 1, List.of(target))), read);
    assertThat(read.awaitFailure(0).code()).isEqualTo(ErrorCode.CLOSED);
    assertRefused(ErrorCode.CLOSED, () -> factory.open(spec).close());
    store.close();
  }

  @Test
  void objectStoresCloseWithTheBackend() {
    ObjectStoreFactory factory = offered(Feature.OBJECT_STORE, Backend::objectStores).getFirst();
    String location = openHarness().location("objects");
    ObjectStore store = factory.open(location, OpenMode.WRITE);
    backend().close();
    assertRefused(ErrorCode.CLOSED, () -> store.stat("key"));
    assertRefused(ErrorCode.CLOSED, () -> factory.open(location, OpenMode.WRITE).close());
    store.close();
  }

  @Test
  void logsCloseWithTheBackend() {
    LogFactory factory = offered(Feature.LOG, Backend::logs).getFirst();
    String location = openHarness().location("log");
    Log log = factory.open(location);
    backend().close();
    assertRefused(ErrorCode.CLOSED, log::sync);
    assertRefused(ErrorCode.CLOSED, () -> factory.open(location).close());
    log.close();
  }

  @Test
  void closeWaitsForTransfersInFlight() throws Exception {
    offered(Feature.TRANSFER, Backend::transports);
    Workload.Lane lane = Workload.anyLane(backend(), openHarness());
    HeldCompletion held = new HeldCompletion(openHarness().deadline());
    try (Storage source = lane.source().apply(8192);
        Storage target = lane.target().apply(8192)) {
      source.memset(1, 0, 8192);
      TransferBatch batch = TransferBatch.builder().add(0, source, 0, target, 0, 8192).build();
      Thread submitter = Thread.ofPlatform().start(() -> lane.transport().submit(batch, held));
      assertThat(held.awaitHeld()).as("the transport tells what became of the batch").isTrue();
      Thread closer = Thread.ofPlatform().start(() -> backend().close());
      boolean returned;
      try {
        returned = !awaitEndOrWait(closer);
      } finally {
        held.release();
      }
      submitter.join();
      closer.join();
      assertThat(returned).as("close returned while a transfer was in flight").isFalse();
      assertThat(held.isDrained()).as("the batch is drained when close returns").isTrue();
    }
  }

  /** {@return whether the thread waits for something; false if it has ended} */
  private static boolean awaitEndOrWait(Thread thread) throws InterruptedException {
    int waiting = 0;
    while (thread.isAlive() && waiting < WAITING_SAMPLES) {
      boolean runs =
          thread.getState() == Thread.State.RUNNABLE || thread.getState() == Thread.State.NEW;
      waiting = runs ? 0 : waiting + 1;
      Thread.sleep(1);
    }
    return thread.isAlive();
  }

  @Test
  void closeRacingUseGivesSuccessOrClosed() throws Exception {
    List<StorageAllocator> allocators = offered(Feature.ALLOCATION, Backend::allocators);
    for (int round = 0; round < 3; round++) {
      try (Backend open = provider().open(context(), openHarness().config())) {
        Concurrently.run(thread -> allocateUntilClosed(open, thread));
        for (StorageAllocator allocator : open.allocators()) {
          assertRefused(ErrorCode.CLOSED, () -> allocator.allocate(1).close());
        }
      }
    }
    assertThat(allocators).isNotEmpty();
  }

  private static void allocateUntilClosed(Backend open, int thread) {
    for (int i = 0; i < 20; i++) {
      if (thread == 0 && i == 5) {
        open.close();
      }
      for (StorageAllocator allocator : open.allocators()) {
        try (Storage storage = allocator.allocate(5000)) {
          storage.memset(1, 0, 10);
        } catch (KvbmException e) {
          assertThat(e.code()).as("code of: %s", e).isEqualTo(ErrorCode.CLOSED);
          return;
        }
      }
    }
  }
}
