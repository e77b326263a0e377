package io.kvbm.cli.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.ImmutableBlock;
import io.kvbm.api.block.MutableBlock;
import io.kvbm.core.KvBlockManager;
import io.kvbm.core.Platform;
import io.kvbm.core.config.KvbmConfig;
import io.kvbm.core.pool.BlockPool;
import io.kvbm.core.tier.CacheLevel;
import io.kvbm.core.tier.MovedBlock;
import io.kvbm.core.transfer.TransferOptions;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A whole manager from one file, with the real backends. */
class ConfiguredManagerExampleTest {

  @TempDir private Path folder;

  @Test
  void oneFileStartsAManagerThatKeepsBytesInMemoryAndOnDisk() throws IOException {
    Path scratch = folder.resolve("scratch");
    Path file =
        Files.writeString(
            folder.resolve("kvbm.yaml"),
            """
            model: {numLayers: 2, pageSize: 4, innerDim: 64}
            tiers:
              host: {blocks: 4}
              disk: {blocks: 8, alignment: 4096}
            backends:
              disk: {direct: false}
            """);
    Platform.Builder builder = Platform.builder();
    KvbmConfig config =
        KvbmConfig.builder()
            .file(file)
            .environment(Map.of("DYN_KVBM_DISK_CACHE_DIR", scratch.toString()))
            .set("tiers.host.blocks", "5")
            .build(builder.schema());

    try (KvBlockManager manager = KvBlockManager.create(config)) {
      assertThat(manager.host().orElseThrow().totalBlocks()).isEqualTo(5);
      assertThat(manager.disk().orElseThrow().totalBlocks()).isEqualTo(8);
      // The variable of the specification decides where the disk tier is.
      assertThat(scratch).isDirectoryNotContaining("regex:.*\\.yaml").isNotEmptyDirectory();
      roundTrip(manager);
    }
    assertThat(scratch).isEmptyDirectory();
  }

  /** Down to the disk and up again into another slot. */
  private static void roundTrip(KvBlockManager manager) {
    BlockPool host = manager.host().orElseThrow();
    BlockKey key = new BlockKey(1, 2);
    MutableBlock filling = host.allocateBlocks(1).getFirst();
    filling.blockViewMut().segment().fill((byte) 7);
    ImmutableBlock block = filling.complete(key, null).register();
    List<MovedBlock> down =
        manager.offload(List.of(block), CacheLevel.DISK, TransferOptions.DEFAULT).await();
    ImmutableBlock onDisk = down.getFirst().block().orElseThrow();
    block.close();
    host.reset();
    List<MovedBlock> up =
        manager.onboard(List.of(onDisk), CacheLevel.HOST, TransferOptions.DEFAULT).await();
    try (ImmutableBlock back = up.getFirst().block().orElseThrow()) {
      MemorySegment bytes = back.blockView().segment();
      assertThat(bytes.toArray(ValueLayout.JAVA_BYTE)).containsOnly(7);
    }
    onDisk.close();
  }
}
