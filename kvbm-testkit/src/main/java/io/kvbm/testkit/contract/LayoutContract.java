package io.kvbm.testkit.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.layout.DType;
import io.kvbm.api.layout.Layout;
import io.kvbm.api.layout.LayoutConfig;
import io.kvbm.api.layout.LayoutDescriptor;
import io.kvbm.api.layout.LayoutProvider;
import io.kvbm.api.layout.LayoutType;
import io.kvbm.api.storage.Region;
import io.kvbm.api.storage.Storage;
import io.kvbm.testkit.BytePatterns;
import io.kvbm.testkit.Feature;
import io.kvbm.testkit.HostStorage;
import java.lang.foreign.MemorySegment;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The contract of {@link LayoutProvider} and {@link Layout}, for every layout the harness names, in
 * host memory.
 */
public abstract class LayoutContract extends BackendContract {

  private static final List<LayoutConfig> SHAPES =
      List.of(
          shape(1, 1, 1, 1, 1, DType.INT8, 1),
          shape(3, 2, 2, 4, 8, DType.FP16, 1),
          shape(7, 5, 2, 4, 13, DType.FP32, 256),
          shape(5, 3, 1, 3, 7, DType.INT4, 64),
          shape(2, 4, 2, 16, 64, DType.BF16, 4096),
          shape(9, 1, 2, 5, 3, DType.INT64, 8));

  private final List<Storage> open = new ArrayList<>();
  private List<LayoutProvider> providers;

  /** Creates the contract; called by JUnit. */
  protected LayoutContract() {}

  private static LayoutConfig shape(
      int blocks, int layers, int outer, int page, int inner, DType dtype, long alignment) {
    return new LayoutConfig(blocks, layers, outer, page, inner, dtype, alignment);
  }

  @BeforeEach
  final void findLayouts() {
    providers = offered(Feature.LAYOUTS, openHarness()::layouts);
  }

  @AfterEach
  final void closeStorages() {
    open.forEach(Storage::close);
  }

  /** Storages of the sizes a provider asks for, each longer by some bytes. */
  private List<Storage> storages(LayoutProvider provider, LayoutConfig config, long more) {
    List<Storage> storages = new ArrayList<>();
    for (long byteSize : provider.storageByteSizes(config)) {
      storages.add(new HostStorage(Math.max(1, byteSize + more)));
    }
    open.addAll(storages);
    return storages;
  }

  private Layout bind(LayoutProvider provider, LayoutConfig config) {
    return provider.bind(config, storages(provider, config, 0));
  }

  /** What is done with one region of a layout. */
  @FunctionalInterface
  private interface RegionTest {
    void run(int block, int layer, int outer);
  }

  private static void forEachRegion(LayoutConfig config, RegionTest test) {
    for (int block = 0; block < config.numBlocks(); block++) {
      for (int layer = 0; layer < config.numLayers(); layer++) {
        for (int outer = 0; outer < config.outerDim(); outer++) {
          test.run(block, layer, outer);
        }
      }
    }
  }

  private static long seed(int block, int layer, int outer) {
    return block * 1_000_000L + layer * 1000L + outer;
  }

  @Test
  void bindsTheShapeToTheStorages() {
    for (LayoutProvider provider : providers) {
      for (LayoutConfig config : SHAPES) {
        List<Storage> storages = storages(provider, config, 0);
        Layout layout = provider.bind(config, storages);
        assertThat(layout.type()).isEqualTo(provider.type());
        assertThat(layout.config()).isEqualTo(config);
        assertThat(layout.storageCount()).isEqualTo(storages.size());
        for (int i = 0; i < storages.size(); i++) {
          assertThat(layout.storage(i)).isSameAs(storages.get(i));
        }
        assertThat(layout.regionByteSize()).isEqualTo(config.regionByteSize());
        assertThat(layout.blockByteSize()).isEqualTo(config.blockByteSize());
      }
    }
  }

  @Test
  void regionsHoldTheirBytesAndNeverOverlap() {
    for (LayoutProvider provider : providers) {
      for (LayoutConfig config : SHAPES) {
        Layout layout = bind(provider, config);
        forEachRegion(
            config,
            (block, layer, outer) ->
                BytePatterns.fill(
                    host(layout.region(block, layer, outer)), seed(block, layer, outer)));
        forEachRegion(
            config,
            (block, layer, outer) -> {
              MemorySegment region = host(layout.region(block, layer, outer));
              assertThat(region.byteSize()).isEqualTo(config.regionByteSize());
              BytePatterns.verify(
                  region,
                  seed(block, layer, outer),
                  "%s region (%d, %d, %d) of %s"
                      .formatted(provider.type(), block, layer, outer, config));
            });
      }
    }
  }

  @Test
  void addressesOffsetsAndRegionsAgree() {
    for (LayoutProvider provider : providers) {
      for (LayoutConfig config : SHAPES) {
        Layout layout = bind(provider, config);
        forEachRegion(
            config,
            (block, layer, outer) -> {
              Storage storage = layout.storage(layout.storageIndex(block, layer, outer));
              long offset = layout.offset(block, layer, outer);
              assertThat(offset).isBetween(0L, storage.byteSize() - config.regionByteSize());
              assertThat(layout.address(block, layer, outer)).isEqualTo(storage.address() + offset);
              assertThat(host(layout.region(block, layer, outer)).address())
                  .isEqualTo(layout.address(block, layer, outer));
            });
      }
    }
  }

  @Test
  void blocksStartAligned() {
    for (LayoutProvider provider : providers) {
      for (LayoutConfig config : SHAPES) {
        Layout layout = bind(provider, config);
        for (int block = 0; block < config.numBlocks(); block++) {
          assertThat(layout.address(block, 0, 0) % config.alignment())
              .as("%s: block %d of %s", provider.type(), block, config)
              .isZero();
        }
      }
    }
  }

  @Test
  void aContiguousBlockIsOneRunInOrder() {
    for (LayoutProvider provider : providers) {
      for (LayoutConfig config : SHAPES) {
        Layout layout = bind(provider, config);
        for (int i = 1;
            layout.isBlockContiguous() && i < config.numLayers() * config.outerDim();
            i++) {
          int layer = i / config.outerDim();
          int outer = i % config.outerDim();
          assertThat(layout.storageIndex(0, layer, outer)).isEqualTo(layout.storageIndex(0, 0, 0));
          assertThat(layout.offset(0, layer, outer))
              .as("%s says blocks are contiguous, %s", provider.type(), config)
              .isEqualTo(layout.offset(0, 0, 0) + i * config.regionByteSize());
        }
      }
    }
  }

  @Test
  void indicesOutOfRangeAreRefusedByName() {
    for (LayoutProvider provider : providers) {
      for (LayoutConfig config : SHAPES) {
        Layout layout = bind(provider, config);
        for (int wrong : new int[] {-1, config.numBlocks(), Integer.MAX_VALUE}) {
          assertIndexRefused(ErrorCode.INVALID_BLOCK_INDEX, layout, wrong, 0, 0);
        }
        for (int wrong : new int[] {-1, config.numLayers(), Integer.MIN_VALUE}) {
          assertIndexRefused(ErrorCode.INVALID_LAYER_INDEX, layout, 0, wrong, 0);
        }
        for (int wrong : new int[] {-1, config.outerDim(), Integer.MAX_VALUE}) {
          assertIndexRefused(ErrorCode.INVALID_OUTER_INDEX, layout, 0, 0, wrong);
        }
      }
    }
  }

  private static void assertIndexRefused(
      ErrorCode code, Layout layout, int block, int layer, int outer) {
    assertRefused(code, () -> layout.offset(block, layer, outer));
    assertRefused(code, () -> layout.address(block, layer, outer));
    assertRefused(code, () -> layout.region(block, layer, outer));
    assertRefused(code, () -> layout.storageIndex(block, layer, outer));
  }

  @Test
  void tooFewTooManyOrTooSmallStoragesAreRefused() {
    for (LayoutProvider provider : providers) {
      LayoutConfig config = SHAPES.get(2);
      List<Storage> fitting = storages(provider, config, 0);
      List<Storage> small = storages(provider, config, -1);
      assertRefused(ErrorCode.INVALID_CONFIG, () -> provider.bind(config, List.of()));
      assertRefused(
          ErrorCode.INVALID_CONFIG,
          () -> provider.bind(config, fitting.subList(0, fitting.size() - 1)));
      List<Storage> many = new ArrayList<>(fitting);
      many.add(fitting.getFirst());
      assertRefused(ErrorCode.INVALID_CONFIG, () -> provider.bind(config, many));
      assertRefused(ErrorCode.INVALID_CONFIG, () -> provider.bind(config, small));
    }
  }

  @Test
  void largerStoragesAreTaken() {
    for (LayoutProvider provider : providers) {
      for (LayoutConfig config : SHAPES) {
        Layout layout = provider.bind(config, storages(provider, config, 4097));
        Region last =
            layout.region(config.numBlocks() - 1, config.numLayers() - 1, config.outerDim() - 1);
        BytePatterns.fill(host(last), 1);
        BytePatterns.verify(host(last), 1, "last region");
      }
    }
  }

  @Test
  void sizesBeyond63BitsAreRefusedNotWrappedAround() {
    LayoutConfig huge =
        shape(
            Integer.MAX_VALUE,
            LayoutConfig.MAX_NUM_LAYERS,
            LayoutConfig.MAX_OUTER_DIM,
            LayoutConfig.MAX_PAGE_SIZE,
            LayoutConfig.MAX_INNER_DIM,
            DType.INT64,
            1L << 30);
    for (LayoutProvider provider : providers) {
      try {
        BigInteger sum = BigInteger.ZERO;
        for (long byteSize : provider.storageByteSizes(huge)) {
          assertThat(byteSize).as("bytes of one storage of %s", provider.type()).isPositive();
          sum = sum.add(BigInteger.valueOf(byteSize));
        }
        assertThat(sum)
            .as("bytes of all storages of %s", provider.type())
            .isGreaterThanOrEqualTo(
                BigInteger.valueOf(huge.blockByteSize())
                    .multiply(BigInteger.valueOf(huge.numBlocks())));
      } catch (ConfigurationException e) {
        assertThat(e.code()).isEqualTo(ErrorCode.INVALID_CONFIG);
      }
    }
  }

  @Test
  void aDescriptorFindsTheSameRegionsAgain() {
    for (LayoutProvider provider : providers) {
      for (LayoutConfig config : SHAPES) {
        List<Storage> storages = storages(provider, config, 100);
        Layout layout = provider.bind(config, storages);
        LayoutDescriptor read = LayoutDescriptor.fromBytes(layout.descriptor().toBytes());
        assertThat(read).isEqualTo(layout.descriptor());
        assertThat(read.type()).isEqualTo(provider.type());
        assertThat(read.config()).isEqualTo(config);
        Layout restored = provider.restore(read, storages);
        forEachRegion(
            config,
            (block, layer, outer) -> {
              assertThat(restored.storageIndex(block, layer, outer))
                  .isEqualTo(layout.storageIndex(block, layer, outer));
              assertThat(restored.offset(block, layer, outer))
                  .isEqualTo(layout.offset(block, layer, outer));
            });
        assertThat(restored.isBlockContiguous()).isEqualTo(layout.isBlockContiguous());
      }
    }
  }

  @Test
  void aDescriptorThatDoesNotFitIsRefused() {
    LayoutConfig config = SHAPES.get(1);
    for (LayoutProvider provider : providers) {
      List<Storage> storages = storages(provider, config, 0);
      LayoutDescriptor good = provider.bind(config, storages).descriptor();
      LayoutDescriptor otherType =
          new LayoutDescriptor(
              good.version(),
              new LayoutType("unheard-of"),
              config,
              good.storages(),
              good.pageTable());
      assertRefused(ErrorCode.INVALID_CONFIG, () -> provider.restore(otherType, storages));
      assertRefused(ErrorCode.INVALID_CONFIG, () -> provider.restore(good, List.of()));
      assertRefused(
          ErrorCode.INVALID_CONFIG, () -> provider.restore(good, storages(provider, config, -1)));
    }
  }

  @Test
  @SuppressWarnings("EnumOrdinal") // any of them
  void randomShapesNeverOverlap() {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    for (int round = 0; round < 20; round++) {
      LayoutConfig config =
          shape(
              1 + random.nextInt(6),
              1 + random.nextInt(5),
              1 + random.nextInt(2),
              1 + random.nextInt(8),
              1 + random.nextInt(40),
              DType.values()[random.nextInt(DType.values().length)],
              1L << random.nextInt(13));
      for (LayoutProvider provider : providers) {
        Layout layout = bind(provider, config);
        forEachRegion(
            config,
            (block, layer, outer) ->
                BytePatterns.fill(
                    host(layout.region(block, layer, outer)), seed(block, layer, outer)));
        forEachRegion(
            config,
            (block, layer, outer) ->
                BytePatterns.verify(
                    host(layout.region(block, layer, outer)),
                    seed(block, layer, outer),
                    "%s of %s, seed %d".formatted(provider.type(), config, seed)));
      }
    }
  }

  private static MemorySegment host(Region region) {
    return ((Region.HostRegion) region).segment();
  }
}
