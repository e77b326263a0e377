package io.kvbm.core.layout;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.layout.DType;
import io.kvbm.api.layout.Layout;
import io.kvbm.api.layout.LayoutConfig;
import io.kvbm.api.layout.LayoutProvider;
import io.kvbm.api.layout.LayoutType;
import io.kvbm.api.storage.Region.HostRegion;
import io.kvbm.api.storage.Storage;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class LayoutPropertyTest {

  private record Extent(int storage, long start, long end) {}

  @Test
  void regionsNeverOverlapAndKeepWhatIsWrittenToThem() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int round = 0; round < 60; round++) {
      LayoutConfig config = randomConfig(random);
      for (LayoutProvider provider : Layouts.builtIn()) {
        String what = "seed %d round %d %s %s".formatted(seed, round, provider.type(), config);
        List<Storage> storages = randomlyMisaligned(provider.storageByteSizes(config), random);
        verify(what, provider.bind(config, storages));
        storages.forEach(Storage::close);
      }
    }
  }

  @Test
  void anyPageTableOverSeveralStoragesKeepsRegionsApart() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int round = 0; round < 60; round++) {
      LayoutConfig config = randomConfig(random);
      int regions = PageSpace.regionCount(config);
      long page = PageSpace.pageByteSize(config);
      List<Long> sizes = new ArrayList<>();
      int pages = 0;
      while (pages < regions) {
        int here = 1 + random.nextInt(regions);
        sizes.add(here * page + config.alignment() - 1);
        pages += here;
      }
      List<Storage> storages = randomlyMisaligned(sizes, random);
      int[] table = shuffledPages(pages, regions, random);
      String what = "seed %d round %d %s %s".formatted(seed, round, config, sizes);
      Layout layout = PagedLayoutProvider.INSTANCE.bind(config, storages, table);
      verify(what, layout);
      assertThat(layout.descriptor().pageTable()).as(what).isEqualTo(boxed(table));
      storages.forEach(Storage::close);
    }
  }

  private static LayoutConfig randomConfig(Random random) {
    return new LayoutConfig(
        1 + random.nextInt(9),
        1 + random.nextInt(6),
        1 + random.nextInt(2),
        1 + random.nextInt(8),
        1 + random.nextInt(40),
        DType.values()[random.nextInt(DType.values().length)],
        1L << random.nextInt(10));
  }

  private static List<Storage> randomlyMisaligned(List<Long> sizes, Random random) {
    List<Storage> storages = new ArrayList<>();
    sizes.forEach(size -> storages.add(HostStorage.misaligned(size, random.nextInt(4096))));
    return storages;
  }

  private static int[] shuffledPages(int pages, int regions, Random random) {
    List<Integer> all = new ArrayList<>();
    for (int page = 0; page < pages; page++) {
      all.add(page);
    }
    Collections.shuffle(all, random);
    return all.stream().mapToInt(Integer::intValue).limit(regions).toArray();
  }

  private static List<Integer> boxed(int[] values) {
    return Arrays.stream(values).boxed().toList();
  }

  private static void verify(String what, Layout layout) {
    LayoutConfig config = layout.config();
    List<Extent> extents = new ArrayList<>();
    boolean oneRun = true;
    for (int block = 0; block < config.numBlocks(); block++) {
      Extent before = null;
      for (int layer = 0; layer < config.numLayers(); layer++) {
        for (int outer = 0; outer < config.outerDim(); outer++) {
          long start = layout.offset(block, layer, outer);
          int storage = layout.storageIndex(block, layer, outer);
          Extent extent = new Extent(storage, start, start + layout.regionByteSize());
          extents.add(extent);
          oneRun &= before == null || before.storage() == storage && before.end() == start;
          before = extent;
          assertThat(start).as(what).isNotNegative();
          assertThat(extent.end()).as(what).isLessThanOrEqualTo(layout.storage(storage).byteSize());
          if (mustBeAligned(layout.type(), layer, outer)) {
            assertThat(layout.address(block, layer, outer) % config.alignment()).as(what).isZero();
          }
          bytes(layout, block, layer, outer).fill((byte) extents.size());
        }
      }
    }
    assertThat(layout.isBlockContiguous()).as(what).isEqualTo(oneRun);
    assertApart(what, extents);
    assertContents(what, layout);
  }

  private static boolean mustBeAligned(LayoutType type, int layer, int outer) {
    if (type.equals(LayoutType.FULLY_CONTIGUOUS)) {
      return layer == 0 && outer == 0;
    }
    return !type.equals(LayoutType.LAYER_SEPARATE_BLOCK_CONTIGUOUS) || outer == 0;
  }

  private static MemorySegment bytes(Layout layout, int block, int layer, int outer) {
    return ((HostRegion) layout.region(block, layer, outer)).segment();
  }

  private static void assertApart(String what, List<Extent> extents) {
    for (int i = 0; i < extents.size(); i++) {
      for (int j = 0; j < i; j++) {
        Extent a = extents.get(i);
        Extent b = extents.get(j);
        if (a.storage() == b.storage() && a.start() < b.end() && b.start() < a.end()) {
          throw new AssertionError(what + ": " + a + " overlaps " + b);
        }
      }
    }
  }

  private static void assertContents(String what, Layout layout) {
    int expected = 0;
    for (int block = 0; block < layout.config().numBlocks(); block++) {
      for (int layer = 0; layer < layout.config().numLayers(); layer++) {
        for (int outer = 0; outer < layout.config().outerDim(); outer++) {
          expected++;
          byte[] actual = bytes(layout, block, layer, outer).toArray(ValueLayout.JAVA_BYTE);
          byte[] wanted = new byte[(int) layout.regionByteSize()];
          Arrays.fill(wanted, (byte) expected);
          assertThat(actual).as(what).isEqualTo(wanted);
        }
      }
    }
  }
}
