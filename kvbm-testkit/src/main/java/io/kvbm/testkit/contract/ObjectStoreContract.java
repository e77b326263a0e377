package io.kvbm.testkit.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.storage.Region;
import io.kvbm.api.store.Durability;
import io.kvbm.api.store.MappedObject;
import io.kvbm.api.store.ObjectBatch;
import io.kvbm.api.store.ObjectStat;
import io.kvbm.api.store.ObjectStore;
import io.kvbm.api.store.ObjectStore.Capability;
import io.kvbm.api.store.ObjectStoreFactory;
import io.kvbm.api.store.ObjectWriter;
import io.kvbm.api.store.OpenMode;
import io.kvbm.api.store.PutOptions;
import io.kvbm.testkit.BytePatterns;
import io.kvbm.testkit.Feature;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The contract of {@link ObjectStoreFactory}, {@link ObjectStore} and {@link ObjectWriter}, for the
 * backend's first factory. What the store lacks, by its capabilities, must be refused as
 * unsupported.
 */
public abstract class ObjectStoreContract extends BackendContract {

  private static final PutOptions DEFAULT = PutOptions.DEFAULT;

  private ObjectStoreFactory factory;
  private String location;
  private ObjectStore store;

  /** Creates the contract; called by JUnit. */
  protected ObjectStoreContract() {}

  @BeforeEach
  final void openStore() {
    factory = offered(Feature.OBJECT_STORE, Backend::objectStores).getFirst();
    location = openHarness().location("objects");
    store = factory.open(location, OpenMode.WRITE);
  }

  @AfterEach
  final void closeStore() {
    if (store != null) {
      store.close();
    }
  }

  private boolean can(Capability capability) {
    return supports(
        Feature.valueOf("OBJECT_" + capability), store.capabilities().contains(capability));
  }

  private ObjectStat put(String key, int byteSize, long seed) {
    return store.put(key, BytePatterns.heap(byteSize, seed), DEFAULT);
  }

  private static void assertHolds(ObjectStore store, String key, int byteSize, long seed) {
    Optional<byte[]> bytes = store.getBytes(key);
    assertThat(bytes).as("object %s", key).isPresent();
    assertThat(bytes.get()).as("length of %s", key).hasSize(byteSize);
    BytePatterns.verify(MemorySegment.ofArray(bytes.get()), seed, key);
  }

  private static Region.HostRegion target(int byteSize) {
    MemorySegment target = MemorySegment.ofArray(new byte[byteSize]);
    BytePatterns.guard(target);
    return new Region.HostRegion(target);
  }

  private List<String> keys(String prefix, String after, int limit) {
    return store.list(prefix, after, limit).stream().map(ObjectStat::key).toList();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 63, 64, 4096, 65_537, (1 << 20) + 7})
  void valuesOfAnyLengthComeBackWhole(int byteSize) {
    ObjectStat stat = put("a/value", byteSize, 1);
    assertThat(stat.key()).isEqualTo("a/value");
    assertThat(stat.byteSize()).isEqualTo(byteSize);
    Region.HostRegion target = target(byteSize + 5);
    assertThat(store.get("a/value", target)).contains(stat);
    BytePatterns.verify(target.segment().asSlice(0, byteSize), 1, "value");
    BytePatterns.verifyAll(target.segment().asSlice(byteSize), BytePatterns.GUARD, "behind it");
    assertHolds(store, "a/value", byteSize, 1);
    assertThat(store.stat("a/value")).contains(stat);
  }

  @Test
  void putReplacesAndChangesTheVersion() {
    ObjectStat first = put("key", 100, 1);
    ObjectStat second = put("key", 50, 2);
    assertThat(second.version()).isNotEqualTo(first.version());
    assertHolds(store, "key", 50, 2);
    assertThat(keys("", "", 10)).containsExactly("key");
  }

  @Test
  void theStoreKeepsItsOwnCopy() {
    MemorySegment value = BytePatterns.heap(1000, 1);
    store.put("key", value, DEFAULT);
    value.fill((byte) 0);
    assertHolds(store, "key", 1000, 1);
  }

  @Test
  void whatIsAbsentIsEmpty() {
    assertThat(store.get("nothing", target(10))).isEmpty();
    assertThat(store.getBytes("nothing")).isEmpty();
    assertThat(store.getRange("nothing", 0, target(10))).isEmpty();
    assertThat(store.stat("nothing")).isEmpty();
    assertThat(store.delete("nothing", Durability.NONE)).isFalse();
    assertThat(store.list("", "", 10)).isEmpty();
  }

  @Test
  void deleteSaysWhetherThereWasOne() {
    put("key", 10, 1);
    assertThat(store.delete("key", Durability.WRITTEN)).isTrue();
    assertThat(store.delete("key", Durability.WRITTEN)).isFalse();
    assertThat(store.stat("key")).isEmpty();
  }

  @Test
  void aTargetTooShortIsRefused() {
    put("key", 100, 1);
    assertRefused(ErrorCode.OUT_OF_BOUNDS, () -> store.get("key", target(99)));
  }

  @Test
  void rangesEndWithTheObject() {
    put("key", 1000, 1);
    MemorySegment whole = BytePatterns.heap(1000, 1);
    for (int[] range :
        new int[][] {{0, 1000}, {0, 1}, {999, 1}, {500, 300}, {900, 200}, {1000, 5}}) {
      Region.HostRegion target = target(range[1]);
      long expected = Math.min(range[1], 1000 - range[0]);
      assertThat(store.getRange("key", range[0], target)).contains(expected);
      assertThat(
              MemorySegment.mismatch(
                  target.segment(), 0, expected, whole, range[0], range[0] + expected))
          .as("range from %d", range[0])
          .isEqualTo(-1);
      BytePatterns.verifyAll(
          target.segment().asSlice(expected), BytePatterns.GUARD, "behind the range");
    }
    assertRefused(ErrorCode.OUT_OF_BOUNDS, () -> store.getRange("key", 1001, target(1)));
    assertRefused(ErrorCode.OUT_OF_BOUNDS, () -> store.getRange("key", -1, target(1)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", "/", "/a", "a/", "a//b", ".", "..", "a/./b", "a/../b", "a b", "a\nb", "ä", "a\\b",
        "a:b", "a\0b", "a*", "~"
      })
  void malformedKeysAreRefused(String key) {
    MemorySegment value = BytePatterns.heap(1, 1);
    assertRefused(ErrorCode.INVALID_ARGUMENT, () -> store.put(key, value, DEFAULT));
    assertRefused(ErrorCode.INVALID_ARGUMENT, () -> store.get(key, target(1)));
    assertRefused(ErrorCode.INVALID_ARGUMENT, () -> store.stat(key));
    assertRefused(ErrorCode.INVALID_ARGUMENT, () -> store.delete(key, Durability.NONE));
    assertRefused(ErrorCode.INVALID_ARGUMENT, () -> store.writer(key, DEFAULT).close());
    assertThat(store.list("", "", 10)).isEmpty();
  }

  @Test
  void keysOfAllowedCharactersAndLengthAreTaken() {
    String longest = ("k".repeat(63) + "/").repeat(15) + "k".repeat(64);
    assertThat(longest).hasSize(1024);
    List<String> keys = List.of("a", "A-z_0.9", "...", "a/.b/c..", "-", longest);
    keys.forEach(key -> put(key, 10, key.hashCode()));
    keys.forEach(key -> assertHolds(store, key, 10, key.hashCode()));
    assertRefused(ErrorCode.INVALID_ARGUMENT, () -> put(longest + "k", 1, 1));
  }

  @Test
  void listsInOrderOfKeysPageByPage() {
    List<String> all = List.of("B", "a", "a-1", "a/0", "a/1", "a/2/x", "a0", "b", "b/z");
    all.reversed().forEach(key -> put(key, 3, 1));
    assertThat(keys("", "", 100)).isEqualTo(all);
    assertThat(keys("a/", "", 100)).containsExactly("a/0", "a/1", "a/2/x");
    assertThat(keys("a", "a/1", 100)).containsExactly("a/2/x", "a0");
    assertThat(keys("a/", "b", 100)).isEmpty();
    assertThat(keys("b", "B", 100)).containsExactly("b", "b/z");
    assertThat(keys("none", "", 100)).isEmpty();
    List<String> paged = new ArrayList<>();
    List<String> page = keys("", "", 2);
    while (!page.isEmpty()) {
      assertThat(page).hasSizeLessThanOrEqualTo(2);
      paged.addAll(page);
      page = keys("", paged.getLast(), 2);
    }
    assertThat(paged).isEqualTo(all);
    assertRefused(ErrorCode.INVALID_ARGUMENT, () -> store.list("", "", 0));
    assertThat(store.list("b", "", 1).getFirst()).isEqualTo(store.stat("b").orElseThrow());
  }

  @Test
  void conditionsHoldOrNothingChanges() {
    MemorySegment other = BytePatterns.heap(20, 2);
    if (!can(Capability.CONDITIONAL_PUT)) {
      assertRefused(ErrorCode.UNSUPPORTED, () -> store.put("key", other, DEFAULT.ifAbsent()));
      assertRefused(ErrorCode.UNSUPPORTED, () -> store.put("key", other, DEFAULT.ifVersion(1)));
      return;
    }
    assertRefused(
        ErrorCode.PRECONDITION_FAILED, () -> store.put("key", other, DEFAULT.ifVersion(1)));
    ObjectStat first = store.put("key", BytePatterns.heap(10, 1), DEFAULT.ifAbsent());
    assertRefused(ErrorCode.PRECONDITION_FAILED, () -> store.put("key", other, DEFAULT.ifAbsent()));
    assertRefused(
        ErrorCode.PRECONDITION_FAILED,
        () -> store.put("key", other, DEFAULT.ifVersion(first.version() + 1)));
    assertHolds(store, "key", 10, 1);
    ObjectStat second = store.put("key", other, DEFAULT.ifVersion(first.version()));
    assertHolds(store, "key", 20, 2);
    assertRefused(
        ErrorCode.PRECONDITION_FAILED,
        () -> store.put("key", other, DEFAULT.ifVersion(first.version())));
    assertThat(store.stat("key")).contains(second);
  }

  @Test
  void oneOfManyConditionalPutsWins() throws Exception {
    if (!can(Capability.CONDITIONAL_PUT)) {
      assertRefused(
          ErrorCode.UNSUPPORTED,
          () -> store.put("key", BytePatterns.heap(1, 1), DEFAULT.ifAbsent()));
      return;
    }
    AtomicInteger winners = new AtomicInteger();
    Concurrently.run(
        thread -> {
          for (int i = 0; i < 20; i++) {
            try {
              store.put("key-" + i, BytePatterns.heap(100, thread), DEFAULT.ifAbsent());
              winners.incrementAndGet();
            } catch (KvbmException e) {
              assertThat(e.code()).isEqualTo(ErrorCode.PRECONDITION_FAILED);
            }
          }
        });
    assertThat(winners).hasValue(20);
  }

  @Test
  void aBatchTakesEffectWholeOrNotAtAll() {
    put("kept", 10, 1);
    put("gone", 10, 2);
    ObjectBatch batch =
        new ObjectBatch()
            .put("new", BytePatterns.heap(30, 3), DEFAULT)
            .delete("gone")
            .delete("never-was")
            .put("kept", BytePatterns.heap(40, 4), DEFAULT);
    if (!can(Capability.ATOMIC_BATCH)) {
      assertRefused(ErrorCode.UNSUPPORTED, () -> store.apply(batch));
      assertThat(keys("", "", 10)).containsExactly("gone", "kept");
      return;
    }
    store.apply(batch);
    assertThat(keys("", "", 10)).containsExactly("kept", "new");
    assertHolds(store, "kept", 40, 4);
    assertRefused(
        ErrorCode.INVALID_ARGUMENT,
        () ->
            store.apply(
                new ObjectBatch()
                    .put("another", BytePatterns.heap(1, 1), DEFAULT)
                    .put("mal formed", BytePatterns.heap(1, 1), DEFAULT)));
    if (can(Capability.CONDITIONAL_PUT)) {
      assertRefused(
          ErrorCode.PRECONDITION_FAILED,
          () ->
              store.apply(
                  new ObjectBatch()
                      .put("another", BytePatterns.heap(1, 1), DEFAULT)
                      .delete("kept")
                      .put("new", BytePatterns.heap(1, 1), DEFAULT.ifAbsent())));
    }
    assertThat(keys("", "", 10)).containsExactly("kept", "new");
    assertHolds(store, "kept", 40, 4);
    assertHolds(store, "new", 30, 3);
  }

  @Test
  void theLastStepOfABatchOnAKeyCounts() {
    ObjectBatch batch =
        new ObjectBatch()
            .put("a", BytePatterns.heap(10, 1), DEFAULT)
            .put("a", BytePatterns.heap(20, 2), DEFAULT)
            .put("b", BytePatterns.heap(10, 1), DEFAULT)
            .delete("b");
    if (!can(Capability.ATOMIC_BATCH)) {
      assertRefused(ErrorCode.UNSUPPORTED, () -> store.apply(batch));
      return;
    }
    store.apply(batch);
    assertHolds(store, "a", 20, 2);
    assertThat(store.stat("b")).isEmpty();
  }

  @Test
  void aWriterPublishesOnCommitOnly() {
    put("key", 10, 1);
    MemorySegment value = BytePatterns.heap(300_000, 2);
    try (ObjectWriter writer = store.writer("key", DEFAULT)) {
      for (int at = 0; at < 300_000; at += 30_000) {
        assertThat(writer.position()).isEqualTo(at);
        MemorySegment piece = MemorySegment.ofArray(new byte[30_000]);
        piece.copyFrom(value.asSlice(at, 30_000));
        writer.write(piece);
        piece.fill((byte) 0);
      }
      assertHolds(store, "key", 10, 1);
      ObjectStat stat = writer.commit();
      assertThat(stat.byteSize()).isEqualTo(300_000);
      assertThat(store.stat("key")).contains(stat);
    }
    assertHolds(store, "key", 300_000, 2);
  }

  @Test
  void aWriterThatIsNotCommittedLeavesNothing() {
    try (ObjectWriter writer = store.writer("key", DEFAULT)) {
      writer.write(BytePatterns.heap(100_000, 1));
    }
    assertThat(store.stat("key")).isEmpty();
    assertThat(store.list("", "", 10)).isEmpty();
  }

  @Test
  void aWriterOfNothingMakesAnEmptyObject() {
    try (ObjectWriter writer = store.writer("empty", DEFAULT)) {
      writer.commit();
    }
    assertHolds(store, "empty", 0, 1);
  }

  @Test
  void aWritersConditionIsCheckedOnCommit() {
    if (!can(Capability.CONDITIONAL_PUT)) {
      assertRefused(ErrorCode.UNSUPPORTED, () -> store.writer("key", DEFAULT.ifAbsent()).close());
      return;
    }
    try (ObjectWriter writer = store.writer("key", DEFAULT.ifAbsent())) {
      writer.write(BytePatterns.heap(10, 1));
      put("key", 20, 2);
      assertRefused(ErrorCode.PRECONDITION_FAILED, writer::commit);
    }
    assertHolds(store, "key", 20, 2);
  }

  @Test
  void objectsGoWhenTheirTimeIsUp() {
    PutOptions brief = DEFAULT.withTimeToLive(Duration.ofSeconds(10));
    if (!can(Capability.TIME_TO_LIVE)) {
      assertRefused(
          ErrorCode.UNSUPPORTED, () -> store.put("brief", BytePatterns.heap(1, 1), brief));
      return;
    }
    store.put("brief", BytePatterns.heap(10, 1), brief);
    put("lasting", 10, 2);
    context().manualClock().advance(Duration.ofSeconds(9));
    assertHolds(store, "brief", 10, 1);
    context().manualClock().advance(Duration.ofSeconds(1));
    assertThat(store.stat("brief")).isEmpty();
    assertThat(store.getBytes("brief")).isEmpty();
    assertThat(keys("", "", 10)).containsExactly("lasting");
    assertThat(store.delete("brief", Durability.NONE)).isFalse();
    put("brief", 20, 3);
    context().manualClock().advance(Duration.ofDays(1));
    assertHolds(store, "brief", 20, 3);
  }

  @Test
  void mappedObjectsAreReadOnlyAlignedAndOutliveAReplacement() {
    if (!can(Capability.MAP)) {
      put("key", 1000, 1);
      assertRefused(ErrorCode.UNSUPPORTED, () -> store.map("key"));
      return;
    }
    assertThat(store.map("nothing")).isEmpty();
    for (int byteSize : new int[] {1, 1000, 200_000}) {
      put("key", byteSize, byteSize);
      MappedObject mapped = store.map("key").orElseThrow();
      try (mapped) {
        assertThat(mapped.segment().isReadOnly()).isTrue();
        assertThat(mapped.segment().address() % 64).isZero();
        put("key", 5, 5);
        store.delete("key", Durability.NONE);
        assertThat(mapped.segment().byteSize()).isEqualTo(byteSize);
        BytePatterns.verify(mapped.segment(), byteSize, "mapped object");
      }
      mapped.close();
      assertThat(mapped.segment().scope().isAlive()).as("segment after close").isFalse();
    }
  }

  @Test
  void syncedIsKeptOrRefused() {
    PutOptions synced = DEFAULT.withDurability(Durability.SYNCED);
    MemorySegment value = BytePatterns.heap(10, 1);
    if (can(Capability.SYNC)) {
      store.put("key", value, synced);
      assertHolds(store, "key", 10, 1);
      assertThat(store.delete("key", Durability.SYNCED)).isTrue();
      return;
    }
    assertRefused(ErrorCode.UNSUPPORTED, () -> store.put("key", value, synced));
    assertRefused(ErrorCode.UNSUPPORTED, () -> store.writer("key", synced).close());
    assertRefused(ErrorCode.UNSUPPORTED, () -> store.delete("key", Durability.SYNCED));
    if (can(Capability.ATOMIC_BATCH)) {
      assertRefused(
          ErrorCode.UNSUPPORTED, () -> store.apply(new ObjectBatch().put("key", value, synced)));
    }
    assertThat(store.stat("key")).isEmpty();
  }

  @Test
  void valuesOutliveTheStoreWhereTheyAreSaidTo() {
    put("key", 5000, 1);
    store.flush();
    store.close();
    store = factory.open(location, OpenMode.WRITE);
    if (can(Capability.PERSISTENT)) {
      assertHolds(store, "key", 5000, 1);
    } else {
      assertThat(store.list("", "", 10)).as("objects of a store that is not persistent").isEmpty();
    }
  }

  @Test
  void aSecondWriterIsRefusedNamingTheHolder() {
    assertThat(store.openMode()).isEqualTo(OpenMode.WRITE);
    KvbmException refusal =
        assertRefused(ErrorCode.LOCKED, () -> factory.open(location, OpenMode.WRITE).close());
    assertThat(refusal.getMessage())
        .as("names the holder by its process")
        .contains(Long.toString(ProcessHandle.current().pid()));
    store.close();
    store = factory.open(location, OpenMode.WRITE);
  }

  @Test
  void aSnapshotKeepsSeeingTheStateItWasOpenedOn() {
    put("changed", 100, 1);
    put("deleted", 100, 2);
    store.flush();
    try (ObjectStore snapshot = factory.open(location, OpenMode.READ_SNAPSHOT)) {
      assertThat(snapshot.openMode()).isEqualTo(OpenMode.READ_SNAPSHOT);
      put("changed", 200, 3);
      put("added", 100, 4);
      store.delete("deleted", Durability.WRITTEN);
      assertThat(snapshot.list("", "", 10).stream().map(ObjectStat::key))
          .containsExactly("changed", "deleted");
      assertHolds(snapshot, "changed", 100, 1);
      assertHolds(snapshot, "deleted", 100, 2);
      store.close();
      assertHolds(snapshot, "changed", 100, 1);
    }
  }

  @Test
  void aSnapshotRefusesToWrite() {
    put("key", 10, 1);
    try (ObjectStore snapshot = factory.open(location, OpenMode.READ_SNAPSHOT)) {
      MemorySegment value = BytePatterns.heap(1, 1);
      assertRefused(ErrorCode.UNSUPPORTED, () -> snapshot.put("key", value, DEFAULT));
      assertRefused(ErrorCode.UNSUPPORTED, () -> snapshot.writer("key", DEFAULT).close());
      assertRefused(ErrorCode.UNSUPPORTED, () -> snapshot.delete("key", Durability.NONE));
      assertRefused(ErrorCode.UNSUPPORTED, () -> snapshot.apply(new ObjectBatch().delete("key")));
    }
    assertHolds(store, "key", 10, 1);
  }

  @Test
  void locationsAreApart() {
    put("key", 10, 1);
    try (ObjectStore other = factory.open(openHarness().location("others"), OpenMode.WRITE)) {
      assertThat(other.list("", "", 10)).isEmpty();
      other.put("key", BytePatterns.heap(20, 2), DEFAULT);
    }
    assertHolds(store, "key", 10, 1);
  }

  @Test
  void closedStoresRefuse() {
    put("key", 10, 1);
    store.close();
    store.close();
    MemorySegment value = BytePatterns.heap(1, 1);
    assertRefused(ErrorCode.CLOSED, () -> store.put("key", value, DEFAULT));
    assertRefused(ErrorCode.CLOSED, () -> store.get("key", target(10)));
    assertRefused(ErrorCode.CLOSED, () -> store.getRange("key", 0, target(10)));
    assertRefused(ErrorCode.CLOSED, () -> store.stat("key"));
    assertRefused(ErrorCode.CLOSED, () -> store.list("", "", 1));
    assertRefused(ErrorCode.CLOSED, () -> store.delete("key", Durability.NONE));
    assertRefused(ErrorCode.CLOSED, () -> store.writer("key", DEFAULT).close());
    assertRefused(ErrorCode.CLOSED, store::flush);
  }

  @Test
  void readersSeeOnePutWholeWhileWritersReplace() throws Exception {
    int rounds = scaled(60, 12);
    put("key", 2000, 0);
    Concurrently.run(
        thread -> {
          for (int i = 0; i < rounds; i++) {
            if (thread % 2 == 0) {
              put("key", 1000 + (thread + i) % 50 * 40, (thread + i) % 50);
            } else {
              byte[] bytes = store.getBytes("key").orElseThrow();
              int seed = (bytes.length - 1000) / 40;
              BytePatterns.verify(
                  MemorySegment.ofArray(bytes), bytes.length == 2000 ? seedOf(bytes) : seed, "key");
            }
          }
        });
  }

  /** The first value and one of the later ones are equally long; both are whole. */
  private static long seedOf(byte[] bytes) {
    return BytePatterns.mismatch(MemorySegment.ofArray(bytes), 0) < 0 ? 0 : 25;
  }

  @Test
  void asynchronousTwinsGiveTheSame() {
    ObjectStat stat =
        store
            .putAsync("key", BytePatterns.heap(500, 1), DEFAULT, context().ioExecutor())
            .toCompletableFuture()
            .join();
    Region.HostRegion target = target(500);
    assertThat(store.getAsync("key", target, context().ioExecutor()).toCompletableFuture().join())
        .contains(stat);
    BytePatterns.verify(target.segment(), 1, "read asynchronously");
  }

  @Test
  void randomOperationsGiveWhatAMapGives() {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    TreeMap<String, int[]> model = new TreeMap<>(); // key -> byte size, seed
    for (int step = 1; step <= scaled(300, 60); step++) {
      String key = "k/" + random.nextInt(12);
      int[] held = model.get(key);
      try {
        switch (random.nextInt(4)) {
          case 0, 1 -> {
            int byteSize = random.nextInt(5000);
            put(key, byteSize, step);
            model.put(key, new int[] {byteSize, step});
          }
          case 2 ->
              assertThat(store.delete(key, Durability.NONE)).isEqualTo(model.remove(key) != null);
          default -> {
            if (held == null) {
              assertThat(store.getBytes(key)).isEmpty();
            } else {
              assertHolds(store, key, held[0], held[1]);
            }
          }
        }
        assertThat(keys("", "", 100)).isEqualTo(List.copyOf(model.keySet()));
      } catch (AssertionError e) {
        throw new AssertionError("step %d, seed %d: %s".formatted(step, seed, e.getMessage()), e);
      }
    }
    for (Map.Entry<String, int[]> entry : model.entrySet()) {
      assertHolds(store, entry.getKey(), entry.getValue()[0], entry.getValue()[1]);
    }
  }
}
