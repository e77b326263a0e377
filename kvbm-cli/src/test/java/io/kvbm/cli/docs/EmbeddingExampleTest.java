package io.kvbm.cli.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.CallerException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.block.Block;
import io.kvbm.api.block.BlockDescriptor;
import io.kvbm.api.block.BlockDescriptorList;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.BlockMetadata;
import io.kvbm.api.block.BlockParallelismStrategy;
import io.kvbm.api.block.BlockView;
import io.kvbm.api.block.BlockViewMut;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.block.LayerView;
import io.kvbm.api.block.LayerViewMut;
import io.kvbm.api.block.Locality;
import io.kvbm.api.block.MutableBlock;
import io.kvbm.api.block.SequenceHash;
import io.kvbm.api.block.SerializedBlockSet;
import io.kvbm.api.config.KvBlockManagerConfig;
import io.kvbm.api.config.KvManagerLayoutConfig;
import io.kvbm.api.config.KvManagerModelConfig;
import io.kvbm.api.config.KvManagerRuntimeConfig;
import io.kvbm.api.event.EventManager;
import io.kvbm.api.hash.CacheSalt;
import io.kvbm.api.layout.DType;
import io.kvbm.api.layout.Layout;
import io.kvbm.api.layout.LayoutConfig;
import io.kvbm.api.layout.LayoutType;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.storage.Storage;
import io.kvbm.core.KvBlockManager;
import io.kvbm.core.Platform;
import io.kvbm.core.layout.Layouts;
import io.kvbm.core.pool.BlockPool;
import io.kvbm.core.tier.CacheLevel;
import io.kvbm.core.tier.MovedBlock;
import io.kvbm.core.tokens.TokenBlock;
import io.kvbm.core.tokens.TokenBlockSequence;
import io.kvbm.core.transfer.TransferOptions;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The README's embedding example, and the calls of the manager that the specification names. */
class EmbeddingExampleTest {

  /** Bytes of one (layer, outer) region of {@link #model}. */
  private static final long REGION = 16 * 64 * 2;

  @TempDir Path folder;
  private int computed;

  private static KvManagerModelConfig model() {
    return KvManagerModelConfig.builder()
        .numLayers(2)
        .outerDim(2)
        .pageSize(16)
        .innerDim(64)
        .dtype(DType.FP16)
        .build();
  }

  private KvBlockManagerConfig.Builder threeTiers(Platform platform) {
    BackendConfig disk = BackendConfig.of("dir", folder.toString());
    return KvBlockManagerConfig.builder()
        .runtime(KvManagerRuntimeConfig.builder().workerId(7).build())
        .model(model())
        .deviceLayout(
            KvManagerLayoutConfig.builder()
                .numBlocks(8)
                .layoutType(LayoutType.FULLY_CONTIGUOUS)
                .allocator(platform.allocator("system"))
                .build())
        .hostLayout(
            KvManagerLayoutConfig.builder()
                .numBlocks(16)
                .layoutType(LayoutType.PAGED)
                .allocator(platform.allocator("system"))
                .build())
        .diskLayout(
            KvManagerLayoutConfig.builder()
                .numBlocks(32)
                .layoutType(LayoutType.PAGED)
                .allocator(platform.allocator("disk", disk))
                .build());
  }

  /** Fills one block per key in the device tier and registers them as a chain. */
  private static List<ImmutableBlock> fill(BlockPool pool, List<BlockKey> keys) {
    List<ImmutableBlock> registered = new ArrayList<>();
    BlockKey parent = null;
    for (MutableBlock block : pool.allocateBlocks(keys.size())) {
      BlockKey key = keys.get(registered.size());
      block.blockViewMut().segment().fill((byte) (registered.size() + 1));
      registered.add(block.complete(key, parent).register());
      parent = key;
    }
    return registered;
  }

  @Test
  void aSequenceIsCachedMovedDownAndFoundAgain() {
    int[] prompt = IntStream.range(0, 70).toArray();
    try (Platform platform = Platform.load();
        KvBlockManager manager = KvBlockManager.create(threeTiers(platform).build(), platform)) {
      BlockPool device = manager.device().orElseThrow();

      // 70 tokens are four full blocks of 16; the partial tail is not cached.
      TokenBlockSequence sequence =
          new TokenBlockSequence(manager.blockSize(), CacheSalt.NONE, manager.hashScheme());
      sequence.append(prompt);
      List<ImmutableBlock> blocks = fill(device, sequence.keys());

      // Copy them down, drop them above, bring them back.
      List<MovedBlock> down =
          manager.offload(blocks, CacheLevel.DISK, TransferOptions.DEFAULT).await();
      BlockPool.closeAll(blocks);
      device.reset();
      List<ImmutableBlock> stored =
          down.stream().map(moved -> moved.block().orElseThrow()).toList();
      List<MovedBlock> up =
          manager.onboard(stored, CacheLevel.DEVICE, TransferOptions.DEFAULT).await();
      up.forEach(moved -> moved.block().orElseThrow().close());
      BlockPool.closeAll(stored);

      List<ImmutableBlock> prefix = device.matchBlocks(sequence.keys());
      assertThat(prefix).hasSize(4);
      for (int i = 0; i < prefix.size(); i++) {
        assertThat(prefix.get(i).blockView().segment().get(ValueLayout.JAVA_BYTE, 0))
            .isEqualTo((byte) (i + 1));
      }
      BlockPool.closeAll(prefix);
    }
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void theReadmeExample() {
    int[] promptTokens = IntStream.range(0, 70).toArray();
    BackendConfig directory = BackendConfig.of("dir", folder.toString());
    computed = 0;
    try (Platform platform = Platform.load()) {
      // README: begin
      KvBlockManagerConfig config =
          KvBlockManagerConfig.builder()
              .model(KvManagerModelConfig.builder().numLayers(4).pageSize(16).innerDim(128).build())
              .hostLayout(
                  KvManagerLayoutConfig.builder()
                      .numBlocks(100)
                      .allocator(platform.allocator("system"))
                      .build())
              .diskLayout(
                  KvManagerLayoutConfig.builder()
                      .numBlocks(1000)
                      .allocator(platform.allocator("disk", directory))
                      .build())
              .build();

      try (KvBlockManager manager = KvBlockManager.create(config, platform)) {
        BlockPool pool = manager.host().orElseThrow();
        TokenBlockSequence sequence =
            new TokenBlockSequence(manager.blockSize(), CacheSalt.NONE, manager.hashScheme());
        sequence.append(promptTokens);

        List<ImmutableBlock> blocks = new ArrayList<>(pool.matchBlocks(sequence.keys()));
        List<TokenBlock> all = sequence.blocks();
        for (TokenBlock missing : all.subList(blocks.size(), all.size())) {
          MutableBlock block = pool.allocateBlocks(1).getFirst();
          compute(missing, block.blockViewMut().segment());
          blocks.add(block.complete(missing.key(), missing.parentKey().orElse(null)).register());
        }
        // … decode with these blocks; while they are open nothing evicts them …
        BlockPool.closeAll(blocks);
      }
      // README: end
    }
    assertThat(computed).as("the partial tail has no block").isEqualTo(4);
    assertThat(folder).isEmptyDirectory();
  }

  /** Stands for the model. */
  private void compute(TokenBlock tokens, MemorySegment block) {
    block.fill((byte) tokens.position());
    computed++;
  }

  @Test
  void theReadmeShowsTheExampleThatRuns() {
    String source =
        Repository.text("kvbm-cli/src/test/java/io/kvbm/cli/docs/EmbeddingExampleTest.java");
    String example =
        source
            .substring(
                source.indexOf("// README: begin\n") + "// README: begin\n".length(),
                source.indexOf("      // README: end"))
            .indent(-6);
    assertThat(Repository.text("README.md")).contains("```java\n" + example + "```");
  }

  @Test
  void theManagerHasTheTiersItWasConfiguredWith() {
    try (Platform platform = Platform.load();
        KvBlockManager all = KvBlockManager.create(threeTiers(platform).build(), platform);
        KvBlockManager one =
            KvBlockManager.createAsync(
                    KvBlockManagerConfig.builder()
                        .model(model())
                        .hostLayout(
                            KvManagerLayoutConfig.builder()
                                .numBlocks(4)
                                .allocator(platform.allocator("system"))
                                .build())
                        .build(),
                    platform)
                .toCompletableFuture()
                .join()) {
      assertThat(all.blockSize()).isEqualTo(16);
      assertThat(all.workerId()).isEqualTo(7);
      assertThat(all.device().orElseThrow().totalBlocks()).isEqualTo(8);
      assertThat(all.host().orElseThrow().totalBlocks()).isEqualTo(16);
      assertThat(all.disk().orElseThrow().availableBlocks()).isEqualTo(32);
      assertThat(one.device()).isEmpty();
      assertThat(one.host()).isPresent();
      assertThat(one.disk()).isEmpty();
    }
  }

  @Test
  void blocksKnowTheirShape() {
    try (Platform platform = Platform.load();
        KvBlockManager manager = KvBlockManager.create(threeTiers(platform).build(), platform)) {
      try (MutableBlock block = manager.host().orElseThrow().allocateBlocks(1).getFirst()) {
        assertThat(block.blockId()).isBetween(0, 15);
        assertThat(block.numLayers()).isEqualTo(2);
        assertThat(block.numOuterDims()).isEqualTo(2);
        assertThat(block.pageSize()).isEqualTo(16);
        assertThat(block.innerDim()).isEqualTo(64);
        assertThat(block.layerView(0, 1).segment().isReadOnly()).isTrue();
        assertThat(block.layerViewMut(0, 1).segment().isReadOnly()).isFalse();
        try (ImmutableBlock registered = block.complete(BlockKey.derived(1), null).register()) {
          assertThat(registered.numLayers()).isEqualTo(2);
          assertThat(registered.numOuterDims()).isEqualTo(2);
          assertThat(registered.pageSize()).isEqualTo(16);
          assertThat(registered.innerDim()).isEqualTo(64);
          assertThat(registered.layerView(1, 0).byteSize()).isEqualTo(REGION);
        }
      }
    }
  }

  @Test
  void viewsSayWhereTheirBytesLie() {
    try (Platform platform = Platform.load();
        KvBlockManager manager = KvBlockManager.create(threeTiers(platform).build(), platform);
        MutableBlock block = manager.device().orElseThrow().allocateBlocks(1).getFirst()) {
      BlockView whole = block.blockView();
      BlockViewMut writable = block.blockViewMut();
      LayerView last = block.layerView(1, 1);
      LayerViewMut first = block.layerViewMut(0, 0);

      assertThat(List.of(whole.byteSize(), writable.byteSize())).containsOnly(4 * REGION);
      assertThat(List.of(last.byteSize(), first.byteSize())).containsOnly(REGION);
      assertThat(whole.offset()).isEqualTo(writable.offset()).isEqualTo(first.offset());
      assertThat(last.offset()).isEqualTo(whole.offset() + 3 * REGION);
      assertThat(List.of(writable.storage(), last.storage(), first.storage()))
          .containsOnly(whole.storage());

      writable.segment().fill((byte) 1);
      first.segment().fill((byte) 2);
      assertThat(whole.segment().get(ValueLayout.JAVA_BYTE, REGION - 1)).isEqualTo((byte) 2);
      assertThat(whole.segment().get(ValueLayout.JAVA_BYTE, REGION)).isEqualTo((byte) 1);
      assertThat(last.segment().get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 1);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aPoolGrowsWhileItsBlocksAreInUse(boolean asynchronous) {
    try (Platform platform = Platform.load();
        KvBlockManager manager = KvBlockManager.create(threeTiers(platform).build(), platform)) {
      BlockPool pool = manager.device().orElseThrow();
      LayoutConfig shape = model().layout(3, 1);
      try (Storage more = platform.allocator("system").allocate(3 * 4 * REGION)) {
        List<ImmutableBlock> present = fill(pool, List.of(BlockKey.derived(1)));
        Layout layout = Layouts.of(LayoutType.FULLY_CONTIGUOUS).bind(shape, List.of(more));
        if (asynchronous) {
          pool.addBlocksAsync(layout).toCompletableFuture().join();
        } else {
          pool.addBlocks(layout);
        }

        assertThat(pool.totalBlocks()).isEqualTo(8 + 3);
        assertThat(pool.availableBlocks()).isEqualTo(7 + 3);
        List<MutableBlock> all = pool.allocateBlocks(10);
        assertThat(all).extracting(MutableBlock::blockId).contains(8, 9, 10);
        all.forEach(block -> block.blockViewMut().segment().fill((byte) 5));
        assertThat(more.view().get(ValueLayout.JAVA_BYTE, 3 * 4 * REGION - 1)).isEqualTo((byte) 5);
        assertThat(present.getFirst().blockView().segment().get(ValueLayout.JAVA_BYTE, 0))
            .as("a block that was there keeps its bytes")
            .isEqualTo((byte) 1);
        BlockPool.closeAll(all);
        BlockPool.closeAll(present);

        LayoutConfig other =
            LayoutConfig.builder().numBlocks(1).numLayers(1).pageSize(16).innerDim(64).build();
        Layout odd = Layouts.of(LayoutType.FULLY_CONTIGUOUS).bind(other, List.of(more));
        assertThatThrownBy(() -> pool.addBlocks(odd)).isInstanceOf(CallerException.class);
        assertThat(pool.totalBlocks()).isEqualTo(8 + 3);
      }
    }
  }

  @Test
  void hashesOfSixtyFourBitsAreMatchedWithoutWaiting() {
    try (Platform platform = Platform.load();
        KvBlockManager manager = KvBlockManager.create(threeTiers(platform).build(), platform)) {
      BlockPool device = manager.device().orElseThrow();
      List<BlockKey> keys = List.of(BlockKey.derived(1), BlockKey.derived(2));
      BlockPool.closeAll(fill(device, keys));
      List<SequenceHash> hashes =
          new ArrayList<>(keys.stream().map(BlockKey::sequenceHash).toList());
      hashes.add(new SequenceHash(3));

      List<ImmutableBlock> found =
          device.matchSequenceHashesAsync(hashes).toCompletableFuture().join();

      assertThat(found).extracting(ImmutableBlock::key).isEqualTo(keys);
      BlockPool.closeAll(found);
    }
  }

  /** What an engine keeps with a block. */
  private static final class RequestNote implements BlockMetadata {
    private final String request;

    private RequestNote(String request) {
      this.request = request;
    }

    @Override
    public BlockMetadata reset() {
      return new RequestNote("");
    }
  }

  @Test
  void metadataOfTheUserTravelsDownAndUp() {
    try (Platform platform = Platform.load();
        KvBlockManager manager =
            KvBlockManager.create(
                threeTiers(platform).metadata(() -> new RequestNote("")).build(), platform)) {
      BlockPool device = manager.device().orElseThrow();
      MutableBlock block = device.allocateBlocks(1).getFirst();
      assertThat(noteOf(block)).as("a fresh block").isEmpty();
      block.setMetadata(new RequestNote("request 17"));
      List<ImmutableBlock> above = List.of(block.complete(BlockKey.derived(1), null).register());

      List<ImmutableBlock> below =
          moved(manager.offload(above, CacheLevel.DISK, TransferOptions.DEFAULT).await());
      assertThat(noteOf(below.getFirst())).isEqualTo("request 17");
      BlockPool.closeAll(above);
      device.reset();
      List<ImmutableBlock> back =
          moved(manager.onboard(below, CacheLevel.DEVICE, TransferOptions.DEFAULT).await());
      assertThat(noteOf(back.getFirst())).isEqualTo("request 17");
      BlockPool.closeAll(below);
      BlockPool.closeAll(back);
    }
  }

  private static String noteOf(Block block) {
    return ((RequestNote) block.metadata()).request;
  }

  private static List<ImmutableBlock> moved(List<MovedBlock> results) {
    return results.stream().map(result -> result.block().orElseThrow()).toList();
  }

  @Test
  void aManagerCanBringItsOwnPlatform() {
    KvBlockManagerConfig config =
        KvBlockManagerConfig.builder()
            .model(model())
            .deviceLayout(
                KvManagerLayoutConfig.builder()
                    .numBlocks(4)
                    .logical(BlockParallelismStrategy.LEADER_WORKER_SHARDED)
                    .build())
            .build();
    KvBlockManager manager = KvBlockManager.create(config);
    BlockPool pool = manager.device().orElseThrow();
    assertThat(pool.totalBlocks()).isEqualTo(4);
    manager.close();
    assertThatThrownBy(() -> pool.allocateBlocks(1))
        .isInstanceOfSatisfying(
            ClosedException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.PROGRESS_ENGINE_SHUTDOWN));
  }

  @Test
  void eventsTellWhatHappensToBlocks() {
    List<String> events = new ArrayList<>();
    EventManager recorder = new RecordingEvents(events);
    BlockKey key = BlockKey.derived(1);
    try (Platform platform = Platform.load();
        KvBlockManager manager =
            KvBlockManager.create(threeTiers(platform).eventManager(recorder).build(), platform)) {
      BlockPool device = manager.device().orElseThrow();
      BlockPool.closeAll(fill(device, List.of(key)));
      BlockPool.closeAll(device.matchSequenceHashes(List.of(key.sequenceHash())));
      BlockPool.closeAll(device.allocateBlocks((int) device.totalBlocks()));
    }
    assertThat(events.subList(0, 4))
        .containsExactly("allocated 0", "registered 0 1", "matched 0 1", "evicted 0");
  }

  @Test
  void sharingWithoutABackendThatSharesIsATypedError() {
    BlockDescriptorList wanted = new BlockDescriptorList(List.of(new BlockDescriptor(1, 0, 0)));
    try (Platform platform = Platform.load();
        KvBlockManager manager = KvBlockManager.create(threeTiers(platform).build(), platform)) {
      assertThatThrownBy(manager::exportLocalBlockset)
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContaining("remote sharing is disabled");
      assertThatThrownBy(() -> manager.importRemoteBlockset(new SerializedBlockSet(new byte[3])))
          .isInstanceOf(ConfigurationException.class);
      assertThatThrownBy(() -> manager.getRemoteBlocksImmutable(wanted))
          .isInstanceOf(ConfigurationException.class);
      assertThatThrownBy(() -> manager.getRemoteBlocksMutable(wanted))
          .isInstanceOf(ConfigurationException.class);
    }
  }

  @Test
  void aLogicalTierHasBlocksWithoutBytes() {
    try (Platform platform = Platform.load();
        KvBlockManager manager =
            KvBlockManager.create(
                KvBlockManagerConfig.builder()
                    .model(model())
                    .deviceLayout(
                        KvManagerLayoutConfig.builder()
                            .numBlocks(4)
                            .logical(BlockParallelismStrategy.LEADER_WORKER_SHARDED)
                            .build())
                    .build(),
                platform)) {
      try (MutableBlock block = manager.device().orElseThrow().allocateBlocks(1).getFirst()) {
        assertThat(block.locality()).isEqualTo(Locality.LOGICAL);
        assertThatThrownBy(block::blockView).hasMessageContaining("logical block");
      }
    }
  }

  private record RecordingEvents(List<String> events) implements EventManager {
    @Override
    public void blockAllocated(int blockId) {
      events.add("allocated " + blockId);
    }

    @Override
    public void blockRegistered(int blockId, SequenceHash sequenceHash) {
      events.add("registered " + blockId + " " + sequenceHash);
    }

    @Override
    public void blockMatched(int blockId, SequenceHash sequenceHash) {
      events.add("matched " + blockId + " " + sequenceHash);
    }

    @Override
    public void blockEvicted(int blockId) {
      events.add("evicted " + blockId);
    }
  }
}
