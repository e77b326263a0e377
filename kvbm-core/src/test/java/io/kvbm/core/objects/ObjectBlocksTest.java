package io.kvbm.core.objects;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.CorruptionException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.TransientException;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.storage.Region;
import io.kvbm.api.store.BlockRead;
import io.kvbm.api.store.BlockStoreFactory;
import io.kvbm.api.store.BlockWrite;
import io.kvbm.api.store.Durability;
import io.kvbm.api.store.ObjectStat;
import io.kvbm.api.store.ObjectStore;
import io.kvbm.api.store.OpenMode;
import io.kvbm.api.store.PutOptions;
import io.kvbm.api.store.StoredBlock;
import io.kvbm.backend.system.SystemBackendProvider;
import io.kvbm.core.objects.ObjectBlocks.Sharing;
import io.kvbm.testkit.BytePatterns;
import io.kvbm.testkit.RecordingCompletion;
import io.kvbm.testkit.TestContext;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ObjectBlocksTest {

  private static final Duration SOON = Duration.ofSeconds(20);
  private static final long SOON_NANOS = SOON.toNanos();

  private final TestContext context = new TestContext();
  private Backend backend;
  private ObjectStore objects;
  private final List<ObjectBlocks> opened = new ArrayList<>();

  @BeforeEach
  void open() {
    backend = new SystemBackendProvider().open(context, BackendConfig.empty());
    objects = backend.objectStores().getFirst().open("shared", OpenMode.WRITE);
  }

  @AfterEach
  void close() {
    opened.forEach(ObjectBlocks::close);
    objects.close();
    backend.close();
    context.close();
  }

  /** Objects that outlive the block store on them, as those of a service do. */
  private ObjectStore service() {
    return (ObjectStore)
        Proxy.newProxyInstance(
            getClass().getClassLoader(),
            new Class<?>[] {ObjectStore.class},
            (_, method, arguments) -> {
              if (method.getName().equals("close")) {
                return null;
              }
              try {
                return method.invoke(objects, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  private ObjectBlocks worker(long owner, long fingerprint, Sharing sharing) {
    ObjectBlocks blocks =
        new ObjectBlocks(
            service(),
            new BlockStoreFactory.Spec(8, 5000, fingerprint),
            sharing,
            owner,
            3,
            context.ioExecutor(),
            context.clock());
    opened.add(blocks);
    return blocks;
  }

  private ObjectBlocks worker(long owner) {
    return worker(owner, 7, Sharing.OWN_ONLY);
  }

  private static BlockKey key(long number) {
    return BlockKey.derived(number);
  }

  private static String name(long number) {
    return "%016x/%016x".formatted(key(number).hi(), key(number).lo());
  }

  private static void put(ObjectBlocks blocks, int slot, long number, long generation) {
    RecordingCompletion completion = new RecordingCompletion(1, SOON);
    Region source = new Region.HostRegion(BytePatterns.heap(3000, number));
    blocks.write(
        List.of(new BlockWrite(slot, key(number), key(99), generation, 4, List.of(source))),
        completion);
    completion.awaitDone();
  }

  private static RecordingCompletion get(
      ObjectBlocks blocks, int slot, long number, long generation, MemorySegment target) {
    RecordingCompletion completion = new RecordingCompletion(1, SOON);
    Region.HostRegion whole = new Region.HostRegion(target);
    blocks.read(
        List.of(
            new BlockRead(
                slot, key(number), generation, List.of(whole.slice(0, 7), whole.slice(7, 2993)))),
        completion);
    completion.await();
    return completion;
  }

  private static void assertHolds(ObjectBlocks blocks, int slot, long number, long generation) {
    MemorySegment target = MemorySegment.ofArray(new byte[3000]);
    get(blocks, slot, number, generation, target).awaitDone();
    BytePatterns.verify(target, number, "block " + number);
  }

  private static KvbmException failure(
      ObjectBlocks blocks, int slot, long number, long generation) {
    return get(blocks, slot, number, generation, MemorySegment.ofArray(new byte[3000]))
        .awaitFailure(0);
  }

  @Test
  void blocksComeBackAndOutliveTheStore() {
    ObjectBlocks first = worker(1);
    for (int i = 0; i < 8; i++) {
      put(first, i, i, 10 + i);
      assertHolds(first, i, i, 10 + i);
    }
    first.invalidate(3, 13);
    assertThat(failure(first, 3, 3, 13).code()).isEqualTo(ErrorCode.NOT_FOUND);
    first.close();
    ObjectBlocks second = worker(2);
    List<StoredBlock> found = new ArrayList<>();
    assertThat(second.recover(found::add).recovered()).isEqualTo(7);
    assertThat(found).contains(new StoredBlock(5, key(5), key(99), 15, 7, 4));
    found.forEach(block -> assertHolds(second, block.slot(), block.key().lo(), block.generation()));
  }

  @Test
  void theStoreOfAnotherWorkerIsFoundAndNotDeleted() {
    ObjectBlocks first = worker(1);
    put(first, 0, 21, 1);
    ObjectBlocks second = worker(2);
    assertThat(second.find(key(22), SOON_NANOS)).isEmpty();
    StoredBlock found =
        second.findAll(List.of(key(21), key(23)), SOON_NANOS).getFirst().orElseThrow();
    assertThat(found.slot()).isEqualTo(ObjectBlocks.NO_SLOT);
    second.adopt(6, 40, found);
    assertHolds(second, 6, 21, 40);
    second.invalidate(6, 40);
    second.close();
    assertHolds(first, 0, 21, 1);
    first.invalidate(0, 1);
    first.close();
    assertThat(objects.list("", "", 10)).isEmpty();
  }

  @Test
  void aStoreOfItsOwnDeletesWhatAFormerRunWrote() {
    ObjectBlocks first = worker(1);
    put(first, 0, 21, 1);
    first.close();
    ObjectBlocks second = worker(2, 7, Sharing.ALL);
    second.recover(_ -> {});
    second.invalidate(0, 1);
    second.close();
    assertThat(objects.list("", "", 10)).isEmpty();
  }

  @Test
  void theSameBlockOfAnotherWorkerServesAsWell() {
    ObjectBlocks first = worker(1);
    ObjectBlocks second = worker(2);
    put(first, 0, 5, 1);
    put(second, 3, 5, 40);
    assertHolds(first, 0, 5, 1);
    first.invalidate(0, 1);
    first.close();
    assertHolds(second, 3, 5, 40);
  }

  @Test
  void aSlotWrittenAgainLeavesNoGarbage() {
    ObjectBlocks blocks = worker(1);
    for (int i = 0; i < 20; i++) {
      put(blocks, i % 2, i, i + 1);
    }
    blocks.close();
    assertThat(objects.list("", "", 100).stream().map(ObjectStat::key))
        .containsExactlyInAnyOrder(name(18), name(19));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 8, 20, 60, 64, 80, 88, 92, 96, 2000, 3095})
  void everyDamagedByteIsCorruption(int at) {
    ObjectBlocks blocks = worker(1);
    put(blocks, 0, 5, 1);
    byte[] bytes = objects.getBytes(name(5)).orElseThrow();
    bytes[at] ^= 0x10;
    objects.put(name(5), MemorySegment.ofArray(bytes), PutOptions.DEFAULT);
    assertThat(failure(blocks, 0, 5, 1)).isInstanceOf(CorruptionException.class);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 50, 96, 3000, 3095, 3097, 9000})
  void anObjectOfAnotherLengthIsCorruption(int byteSize) {
    ObjectBlocks blocks = worker(1);
    put(blocks, 0, 5, 1);
    byte[] bytes = Arrays.copyOf(objects.getBytes(name(5)).orElseThrow(), byteSize);
    objects.put(name(5), MemorySegment.ofArray(bytes), PutOptions.DEFAULT);
    assertThat(failure(blocks, 0, 5, 1)).isInstanceOf(CorruptionException.class);
  }

  @Test
  void anObjectUnderAnothersNameIsCorruption() {
    ObjectBlocks blocks = worker(1);
    put(blocks, 0, 5, 1);
    put(blocks, 1, 6, 1);
    byte[] other = objects.getBytes(name(6)).orElseThrow();
    objects.put(name(5), MemorySegment.ofArray(other), PutOptions.DEFAULT);
    assertThat(failure(blocks, 0, 5, 1)).isInstanceOf(CorruptionException.class);
    assertThat(blocks.find(key(5), SOON_NANOS)).isEmpty();
  }

  @Test
  void anotherFingerprintIsNotFound() {
    put(worker(1), 0, 5, 1);
    ObjectBlocks other = worker(2, 8, Sharing.OWN_ONLY);
    assertThat(other.find(key(5), SOON_NANOS)).isEmpty();
    assertThat(other.recover(_ -> {}).recovered()).isZero();
  }

  @Test
  void whatTheServiceLostIsNotFound() {
    ObjectBlocks blocks = worker(1);
    put(blocks, 0, 5, 1);
    objects.delete(name(5), Durability.NONE);
    assertThat(failure(blocks, 0, 5, 1).code()).isEqualTo(ErrorCode.NOT_FOUND);
  }

  @Test
  void aLookUpEndsWithItsTime() {
    ObjectBlocks blocks =
        new ObjectBlocks(
            service(),
            new BlockStoreFactory.Spec(1, 10, 1),
            Sharing.ALL,
            1,
            1,
            _ -> {},
            context.clock());
    assertThatThrownBy(() -> blocks.find(key(1), 1000))
        .isInstanceOfSatisfying(
            TransientException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.DEADLINE_EXCEEDED));
  }

  /**
   * Case 59 takes a lock object before a block is put, so that one writer wins and an expired lock
   * has one heir. Here a block is one object that is put whole: whoever comes last has put the same
   * block, and there is no lock to lose.
   */
  @Test
  void unlike_case59_writersOfOneBlockNeedNoLockAndAllOfThemHaveIt() throws Exception {
    ObjectBlocks first = worker(1);
    ObjectBlocks second = worker(2);
    ObjectBlocks third = worker(3);
    List<ObjectBlocks> all = List.of(first, second, third);
    for (int round = 0; round < 20; round++) {
      long generation = round + 1;
      CyclicBarrier start = new CyclicBarrier(all.size());
      List<FutureTask<Void>> writers = new ArrayList<>();
      for (ObjectBlocks blocks : all) {
        FutureTask<Void> writer =
            new FutureTask<>(
                () -> {
                  start.await();
                  put(blocks, 0, 5, generation);
                  return null;
                });
        writers.add(writer);
        Thread.ofPlatform().start(writer);
      }
      for (FutureTask<Void> writer : writers) {
        writer.get();
      }
      assertThat(objects.list("", "", 10).stream().map(ObjectStat::key)).containsExactly(name(5));
      all.forEach(blocks -> assertHolds(blocks, 0, 5, generation));
    }
    first.invalidate(0, 20);
    second.invalidate(0, 20);
    third.invalidate(0, 20);
    opened.forEach(ObjectBlocks::close);
    assertThat(objects.list("", "", 10)).as("its owner deletes it, the others do not").isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 50, 95, 96, 97, 1500, 3095})
  void case59_aShortObjectIsAnErrorAndTheTargetIsNotTouched(int byteSize) {
    ObjectBlocks blocks = worker(1);
    put(blocks, 0, 5, 1);
    byte[] whole = objects.getBytes(name(5)).orElseThrow();
    objects.put(name(5), MemorySegment.ofArray(Arrays.copyOf(whole, byteSize)), PutOptions.DEFAULT);
    MemorySegment target =
        MemorySegment.ofArray(BytePatterns.heap(3000, 77).toArray(ValueLayout.JAVA_BYTE));
    KvbmException cause = get(blocks, 0, 5, 1, target).awaitFailure(0);
    assertThat(cause).isInstanceOf(CorruptionException.class);
    BytePatterns.verify(target, 77, "the target of a short object");
  }
}
