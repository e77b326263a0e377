package io.kvbm.core.objects;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.spi.BackendProvider;
import io.kvbm.api.store.Durability;
import io.kvbm.api.store.PutOptions;
import io.kvbm.backend.system.SystemBackendProvider;
import io.kvbm.core.KvBlockManager;
import io.kvbm.core.Platform;
import io.kvbm.core.config.KvbmConfig;
import io.kvbm.core.onboard.OnboardOptions;
import io.kvbm.core.onboard.OnboardResult;
import io.kvbm.core.pool.BlockPool;
import io.kvbm.core.tier.CacheLevel;
import io.kvbm.core.tier.SharedBlocks;
import io.kvbm.core.tier.TestTiers;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Managers as settings make them, whose lowest tier is a service of objects. Bytes follow from keys
 * and are compared whenever blocks come up.
 */
@Timeout(60)
class ObjectTierTest {

  private static final long SOON_NANOS = TimeUnit.SECONDS.toNanos(20);

  @TempDir Path folder;
  private final ObjectService service = new ObjectService();
  private final List<AutoCloseable> open = new ArrayList<>();

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable one : open.reversed()) {
      one.close();
    }
    service.close();
  }

  private KvBlockManager worker(int device, int disk) throws Exception {
    return worker(device, disk, "");
  }

  private KvBlockManager worker(int device, int disk, String more) throws Exception {
    List<BackendProvider> providers = List.of(new SystemBackendProvider(), service);
    Path file = folder.resolve("worker" + open.size() + ".yaml");
    Files.writeString(
        file,
        """
        model: {numLayers: 2, outerDim: 2, pageSize: 4, innerDim: 8, dtype: fp16}
        tiering: {belowDevice: through}
        tiers:
          device: {blocks: %d, backend: system}
          disk: {blocks: %d, backend: objects}
        %s
        """
            .formatted(device, disk, more));
    KvbmConfig config =
        KvbmConfig.builder().file(file).build(Platform.builder().providers(providers).schema());
    Platform platform = Platform.builder().providers(providers).config(config).build();
    open.add(platform);
    KvBlockManager manager =
        KvBlockManager.builder(KvBlockManager.configured(config, platform))
            .tiering(KvBlockManager.tiering(config, platform))
            .platform(platform)
            .build();
    open.add(manager);
    return manager;
  }

  private static List<BlockKey> sequence(int from, int count) {
    return IntStream.range(from, from + count).mapToObj(TestTiers::key).toList();
  }

  private static int use(KvBlockManager worker, List<BlockKey> keys) {
    int hits = TestTiers.use(worker.tiering(), keys);
    assertThat(worker.tiering().flush(SOON_NANOS)).isTrue();
    return hits;
  }

  private static BlockPool pool(KvBlockManager worker, CacheLevel level) {
    return worker.tiers().stream()
        .filter(tier -> tier.level() == level)
        .findFirst()
        .orElseThrow()
        .pool();
  }

  /** What another worker wrote is seen with the next list of names; who looks has it made. */
  private static void awaitSeen(KvBlockManager here, int number) {
    SharedBlocks store = (SharedBlocks) pool(here, CacheLevel.DISK).store().orElseThrow();
    TestTiers.await(() -> store.mayHave(TestTiers.key(number)));
  }

  /** The first list of names is made in the background; until then everything may be there. */
  private static void awaitListed(KvBlockManager here) {
    SharedBlocks store = (SharedBlocks) pool(here, CacheLevel.DISK).store().orElseThrow();
    TestTiers.await(() -> !store.mayHave(TestTiers.key(1_000_000)));
  }

  private static void assertAllFree(KvBlockManager worker) {
    TestTiers.await(
        () ->
            worker.tiers().stream()
                .allMatch(tier -> tier.pool().availableBlocks() == tier.pool().totalBlocks()));
  }

  @Test
  void blocksGoDownAndComeUpTheSame() throws Exception {
    KvBlockManager worker = worker(8, 64);
    for (int i = 0; i < 8; i++) {
      assertThat(use(worker, sequence(100 * i, 6))).isZero();
    }
    assertThat(pool(worker, CacheLevel.DISK).contains(TestTiers.key(305))).isTrue();
    for (int i = 0; i < 8; i++) {
      assertThat(use(worker, sequence(100 * i, 8))).as("sequence %d", i).isEqualTo(6);
    }
    assertAllFree(worker);
  }

  @Test
  void whatAFormerRunWroteIsFoundAtTheStart() throws Exception {
    KvBlockManager first = worker(8, 64);
    use(first, sequence(1, 8));
    first.close();
    KvBlockManager second = worker(8, 64);
    assertThat(pool(second, CacheLevel.DISK).contains(TestTiers.key(8))).isTrue();
    OnboardResult result = second.tiering().onboard(sequence(1, 8), OnboardOptions.DEFAULT).await();
    assertThat(result.hits()).containsEntry("disk", 8).doesNotContainKey("shared");
    result.blocks().forEach(TestTiers::verify);
    BlockPool.closeAll(result.blocks());
  }

  @Test
  void aPrefixOfAWorkerThatIsGoneIsFoundThroughTheObjects() throws Exception {
    KvBlockManager gone = worker(16, 64);
    KvBlockManager here = worker(64, 256); // opened first: its recovery cannot know
    List<BlockKey> keys = sequence(1, 50);
    use(here, keys.subList(0, 3));
    for (int end = 10; end <= 40; end += 10) {
      use(gone, keys.subList(end - 10, end));
    }
    gone.close();
    awaitSeen(here, 40);
    List<BlockKey> seen = new ArrayList<>();
    var onboarding = here.tiering().onboard(keys, OnboardOptions.DEFAULT);
    onboarding.onEach(
        block -> {
          synchronized (seen) {
            seen.add(block.key());
          }
        });
    OnboardResult result = onboarding.await();
    assertThat(result.blocks()).extracting(ImmutableBlock::key).isEqualTo(keys.subList(0, 40));
    result.blocks().forEach(TestTiers::verify);
    assertThat(result.blocks().get(3).parent()).contains(keys.get(2));
    assertThat(result.hits()).containsEntry("shared", 37).containsEntry("device", 3);
    assertThat(result.sources().get(3)).isEqualTo(2);
    assertThat(result.missing()).hasSize(10);
    TestTiers.await(
        () -> {
          synchronized (seen) {
            return seen.equals(keys.subList(0, 40));
          }
        });
    BlockPool.closeAll(result.blocks());
    assertThat(here.tiering().onboards().hits()).containsEntry("shared", 37L);
    assertAllFree(here);
    assertThat(pool(here, CacheLevel.DISK).contains(TestTiers.key(40)))
        .as("a part of the tier from now on")
        .isTrue();
    for (int i = 0; i < 8; i++) {
      use(here, sequence(1000 + 8 * i, 8)); // the top tier is full of others
    }
    assertThat(use(here, keys.subList(0, 40))).isEqualTo(40);
    assertThat(here.tiering().onboards().hits()).containsEntry("shared", 37L);
  }

  @Test
  void whatIsNowhereIsAMissWithoutARequest() throws Exception {
    KvBlockManager worker = worker(16, 16);
    awaitListed(worker);
    for (int i = 0; i < 200; i++) {
      OnboardResult result =
          worker.tiering().onboard(sequence(1000 * i, 50), OnboardOptions.DEFAULT).await();
      assertThat(result.blocks()).isEmpty();
    }
    assertThat(service.calls("getRange") + service.calls("get") + service.calls("stat"))
        .as("requests for 10,000 blocks that are nowhere")
        .isZero();
    assertThat(use(worker, sequence(1, 16))).isZero();
    assertThat(worker.tiering().onboards().hits()).doesNotContainKey("shared");
    assertAllFree(worker);
  }

  @Test
  void onlyThePrefixThatIsThereIsAskedFor() throws Exception {
    KvBlockManager gone = worker(16, 64);
    use(gone, sequence(1, 6));
    gone.close();
    KvBlockManager here = worker(4, 4); // finds four of them at its start
    awaitListed(here);
    awaitSeen(here, 6);
    long before = service.calls("getRange");
    OnboardResult result = here.tiering().onboard(sequence(1, 60), OnboardOptions.DEFAULT).await();
    BlockPool.closeAll(result.blocks());
    assertThat(service.calls("getRange") - before).isLessThanOrEqualTo(6);
  }

  @Test
  void whatDisappearsOrIsDamagedAfterItWasFoundIsAMissAndLeavesTheTier() throws Exception {
    KvBlockManager gone = worker(16, 64);
    KvBlockManager here = worker(16, 64);
    List<BlockKey> keys = sequence(1, 8);
    use(gone, keys);
    gone.close();
    awaitSeen(here, 8);
    service.look(
        service.location(),
        objects -> {
          String damaged = BlockObjects.name(keys.get(4));
          byte[] bytes = objects.getBytes(damaged).orElseThrow();
          bytes[bytes.length - 1] ^= 1;
          objects.put(damaged, MemorySegment.ofArray(bytes), PutOptions.DEFAULT);
          objects.delete(BlockObjects.name(keys.get(6)), Durability.NONE);
        });
    assertThat(use(here, keys)).isEqualTo(4);
    assertAllFree(here);
    assertThat(use(here, keys)).as("computed anew").isEqualTo(8);
  }

  @Test
  void case59_whatIsInTheObjectsIsNotPutAgainByWhomever() throws Exception {
    KvBlockManager writer = worker(8, 64);
    KvBlockManager other = worker(8, 64);
    use(writer, sequence(1, 8));
    use(writer, sequence(100, 8)); // the first ones leave the device
    assertThat(service.calls("put")).isEqualTo(16);
    assertThat(use(writer, sequence(1, 8))).as("they come up again").isEqualTo(8);
    awaitSeen(other, 8);
    assertThat(use(other, sequence(1, 8))).as("found through the objects").isEqualTo(8);
    assertThat(service.calls("put")).isEqualTo(16);
    assertThat(service.names()).hasSize(16);
  }

  @Test
  void theOneWhoWroteMayDeleteWhatAnotherAdopted() throws Exception {
    KvBlockManager writer = worker(8, 8);
    KvBlockManager reader = worker(8, 8);
    use(writer, sequence(1, 8));
    awaitSeen(reader, 8);
    assertThat(use(reader, sequence(1, 8))).isEqualTo(8);
    use(writer, sequence(100, 8)); // takes the slots of the first
    TestTiers.await(() -> !service.names().contains(BlockObjects.name(TestTiers.key(1))));
    use(reader, sequence(200, 8));
    assertThat(use(reader, sequence(1, 8))).as("gone, not wrong").isZero();
    assertAllFree(reader);
  }

  @Test
  void aWorkerWithLittleRoomTakesWhatFits() throws Exception {
    KvBlockManager gone = worker(32, 64);
    KvBlockManager here = worker(4, 6);
    use(gone, sequence(1, 20));
    gone.close();
    awaitSeen(here, 20);
    OnboardResult result = here.tiering().onboard(sequence(1, 20), OnboardOptions.DEFAULT).await();
    assertThat(result.blocks()).hasSizeBetween(1, 4);
    result.blocks().forEach(TestTiers::verify);
    BlockPool.closeAll(result.blocks());
    assertAllFree(here);
  }

  @Test
  void anotherModelsBlocksAreNotFound() throws Exception {
    KvBlockManager gone = worker(16, 64, "runtime: {modelName: other}");
    KvBlockManager here = worker(16, 64);
    use(gone, sequence(1, 8));
    gone.close();
    assertThat(use(here, sequence(1, 8))).isZero();
  }
}
