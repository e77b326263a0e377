package io.kvbm.backend.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.kvbm.api.CapacityException;
import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.spi.Availability;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.spi.MemoryBudget;
import io.kvbm.api.storage.Region;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.store.BlockRead;
import io.kvbm.api.store.BlockStore;
import io.kvbm.api.store.BlockStoreFactory;
import io.kvbm.api.store.BlockWrite;
import io.kvbm.api.store.Durability;
import io.kvbm.api.store.Log;
import io.kvbm.api.store.MappedObject;
import io.kvbm.api.store.ObjectStore;
import io.kvbm.api.store.ObjectWriter;
import io.kvbm.api.store.OpenMode;
import io.kvbm.api.store.PutOptions;
import io.kvbm.testkit.BytePatterns;
import io.kvbm.testkit.RecordingCompletion;
import io.kvbm.testkit.TestContext;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SystemBackendTest {

  private static final long LENT = 8 << 20;

  private final AtomicLong lent = new AtomicLong();
  private final TestContext context = new TestContext(Optional.empty(), this::lend);
  private final HostMemory memory =
      new HostMemory(HugePages.AUTO, Long.MAX_VALUE, MachineMemory.LOCAL);
  private final SystemBackend backend = new SystemBackend(context, memory);

  private MemoryBudget.Reservation lend(long byteSize) {
    if (lent.addAndGet(byteSize) > LENT) {
      long available = LENT - lent.addAndGet(-byteSize);
      throw new CapacityException(
          ErrorCode.ALLOCATION_FAILED, "the test lends no more", byteSize, available);
    }
    return () -> lent.addAndGet(-byteSize);
  }

  @AfterEach
  void everythingIsGivenBack() {
    backend.close();
    context.close();
    assertThat(memory.usedByteSize()).as("host memory not freed").isZero();
    assertThat(lent).as("budget not given back").hasValue(0);
  }

  @Test
  void objectsAreFreedWithTheirLastUser() {
    ObjectStore store = backend.objectStores().getFirst().open("x", OpenMode.WRITE);
    for (int i = 0; i < 50; i++) {
      store.put("key" + i % 7, BytePatterns.heap(70_000, i), PutOptions.DEFAULT);
    }
    assertThat(memory.usedByteSize()).isEqualTo(7 * 70_000);
    ObjectStore snapshot = backend.objectStores().getFirst().open("x", OpenMode.READ_SNAPSHOT);
    store.delete("key0", Durability.NONE);
    assertThat(memory.usedByteSize()).as("held by the snapshot").isEqualTo(7 * 70_000);
    MappedObject mapped = snapshot.map("key0").orElseThrow();
    snapshot.close();
    assertThat(memory.usedByteSize()).as("held by the mapping").isEqualTo(7 * 70_000);
    mapped.close();
    assertThat(memory.usedByteSize()).isEqualTo(6 * 70_000);
    try (ObjectWriter writer = store.writer("discarded", PutOptions.DEFAULT)) {
      writer.write(BytePatterns.heap(500_000, 1));
    }
    assertThat(memory.usedByteSize()).isEqualTo(6 * 70_000);
  }

  @Test
  void aFullBudgetLeavesTheObjectAsItWas() {
    ObjectStore store = backend.objectStores().getFirst().open("x", OpenMode.WRITE);
    store.put("key", BytePatterns.heap(1000, 1), PutOptions.DEFAULT);
    MemorySegment tooLong = MemorySegment.ofArray(new byte[(int) LENT]);
    CapacityException refused =
        catchThrowableOfType(
            CapacityException.class, () -> store.put("key", tooLong, PutOptions.DEFAULT));
    assertThat(refused.requested()).isEqualTo(LENT);
    assertThat(store.stat("key").orElseThrow().byteSize()).isEqualTo(1000);
  }

  @Test
  void logChunksAreFreedWithTheirLastRecord() {
    Log log = backend.logs().getFirst().open("x");
    for (int i = 0; i < 5; i++) {
      log.append(MemorySegment.ofArray(new byte[600_000]), Durability.NONE);
    }
    assertThat(memory.usedByteSize()).isEqualTo(5 * LogRecords.CHUNK_BYTE_SIZE);
    log.truncateBefore(5);
    assertThat(memory.usedByteSize()).isEqualTo(LogRecords.CHUNK_BYTE_SIZE);
    var full =
        IntStream.range(0, 10)
            .mapToObj(_ -> log.append(MemorySegment.ofArray(new byte[1 << 20]), Durability.NONE))
            .filter(stage -> stage.toCompletableFuture().isCompletedExceptionally())
            .toList();
    assertThat(full).as("appends that the budget refused").hasSize(3);
    assertThat(log.nextSequence()).isEqualTo(13);
  }

  @Test
  void aBlockWhoseBytesChangedFails() {
    BlockStore store =
        backend.blockStores().getFirst().open(new BlockStoreFactory.Spec(2, 4096, 1));
    BlockKey key = BlockKey.derived(1);
    RecordingCompletion written = new RecordingCompletion(1);
    store.write(
        List.of(
            new BlockWrite(
                1, key, null, 1, 0, List.of(new Region.HostRegion(BytePatterns.heap(4096, 1))))),
        written);
    written.awaitDone();
    ((MemoryBlockStore) store).damage(1, 4095);
    RecordingCompletion read = new RecordingCompletion(1);
    MemorySegment target = MemorySegment.ofArray(new byte[4096]);
    store.read(List.of(new BlockRead(1, key, 1, List.of(new Region.HostRegion(target)))), read);
    assertThat(read.awaitFailure(0).code()).isEqualTo(ErrorCode.CORRUPT);
  }

  @Test
  void aBlockStoreLargerThanTheMachineIsRefusedAtOpen() {
    BlockStoreFactory factory = backend.blockStores().getFirst();
    assertThatThrownBy(() -> factory.open(new BlockStoreFactory.Spec(1 << 30, 1L << 40, 1)))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("2^63");
    assertThatThrownBy(() -> factory.open(new BlockStoreFactory.Spec(1 << 20, 1 << 20, 1)))
        .isInstanceOf(CapacityException.class);
  }

  @Test
  void settingsAreHonouredOrRefused() {
    SystemBackendProvider provider = new SystemBackendProvider();
    BackendConfig wrong = BackendConfig.of("hugePages", "maybe");
    assertThat(provider.probe(wrong))
        .isEqualTo(
            new Availability.Unavailable(
                "setting 'hugePages' is 'maybe', expected auto, true or false"));
    assertThatThrownBy(() -> provider.open(context, wrong).close())
        .isInstanceOf(ConfigurationException.class);
    try (Backend small = provider.open(context, BackendConfig.of("budget", "1MiB"))) {
      CapacityException refused =
          catchThrowableOfType(
              CapacityException.class, () -> small.allocators().getFirst().allocate(1 << 21));
      assertThat(refused)
          .hasMessage(
              "system memory: 2097152 bytes (2.0 MiB) requested, its budget allows 1048576 (1.0"
                  + " MiB); ask for less or free some");
      try (Storage storage = small.allocators().getFirst().allocate(1 << 20)) {
        assertThat(storage.byteSize()).isEqualTo(1 << 20);
      }
    }
    for (String mode : List.of("auto", "true", "false")) {
      try (Backend open = provider.open(context, BackendConfig.of("hugePages", mode));
          Storage storage = open.allocators().getFirst().allocate(4 << 20)) {
        storage.memset(7, 0, storage.byteSize());
        assertThat(storage.view().get(ValueLayout.JAVA_BYTE, 12345)).isEqualTo((byte) 7);
      }
    }
  }
}
