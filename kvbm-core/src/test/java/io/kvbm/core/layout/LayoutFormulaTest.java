package io.kvbm.core.layout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.CallerException;
import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.layout.DType;
import io.kvbm.api.layout.Layout;
import io.kvbm.api.layout.LayoutConfig;
import io.kvbm.api.layout.LayoutProvider;
import io.kvbm.api.layout.LayoutType;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.storage.StorageSizing;
import io.kvbm.api.storage.StorageType;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class LayoutFormulaTest {

  private static final LayoutProvider FULLY_CONTIGUOUS = Layouts.of(LayoutType.FULLY_CONTIGUOUS);
  private static final LayoutProvider OUTER_CONTIGUOUS =
      Layouts.of(LayoutType.LAYER_SEPARATE_OUTER_CONTIGUOUS);
  private static final LayoutProvider BLOCK_CONTIGUOUS =
      Layouts.of(LayoutType.LAYER_SEPARATE_BLOCK_CONTIGUOUS);

  static List<LayoutProvider> providers() {
    return Layouts.builtIn();
  }

  /** 7 blocks, 5 layers, outer 2, page 4, inner 13, 4 bytes an element. */
  static LayoutConfig shape(long alignment) {
    return new LayoutConfig(7, 5, 2, 4, 13, DType.FP32, alignment);
  }

  static List<Storage> files(LayoutProvider provider, LayoutConfig config) {
    return files(provider.storageByteSizes(config));
  }

  static List<Storage> files(List<Long> byteSizes) {
    List<Storage> storages = new ArrayList<>();
    byteSizes.forEach(byteSize -> storages.add(AddressedStorage.ofFile(byteSize)));
    return storages;
  }

  static void assertRefused(ErrorCode code, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            KvbmException.class, e -> assertThat(e.code()).as(e.getMessage()).isEqualTo(code));
  }

  @Test
  void case32_fullyContiguousStridesAtAlignment256() {
    LayoutConfig config = shape(256);
    assertThat(config.regionByteSize()).isEqualTo(208);
    assertThat(config.blockByteSize()).isEqualTo(2080);
    long data = 6 * 2304 + 2080;
    assertThat(FULLY_CONTIGUOUS.storageByteSizes(config)).containsExactly(data + 255);

    for (long by : new long[] {0, 1, 16, 255}) {
      try (Storage storage = HostStorage.misaligned(data + 255, by)) {
        Layout layout = FULLY_CONTIGUOUS.bind(config, List.of(storage));
        long base = layout.address(0, 0, 0);
        assertThat(base - storage.address()).isBetween(0L, 255L);
        for (int block = 0; block < 7; block++) {
          assertThat(layout.address(block, 0, 0) % 256).as("block %d", block).isZero();
          assertThat(layout.address(block, 3, 1)).isEqualTo(base + block * 2304L + 3 * 416 + 208);
        }
        assertThat(layout.region(6, 4, 1).byteSize()).isEqualTo(208);
        assertThat(layout.isBlockContiguous()).isTrue();
      }
    }
  }

  @Test
  void case32_alignmentMustBeAPowerOfTwo() {
    assertRefused(ErrorCode.INVALID_CONFIG, () -> shape(3));
  }

  @ParameterizedTest
  @MethodSource("providers")
  void case32_storageOneByteShortIsRefused(LayoutProvider provider) {
    for (long alignment : new long[] {1, 256}) {
      LayoutConfig config = shape(alignment);
      List<Long> sizes = provider.storageByteSizes(config);
      for (int shortOne = 0; shortOne < sizes.size(); shortOne++) {
        List<Long> tooShort = new ArrayList<>(sizes);
        tooShort.set(shortOne, sizes.get(shortOne) - 1);
        assertThatThrownBy(() -> provider.bind(config, files(tooShort)))
            .isInstanceOf(ConfigurationException.class)
            .hasMessageContaining("storage " + shortOne)
            .hasMessageContaining(Long.toString(sizes.get(shortOne)))
            .extracting(e -> ((KvbmException) e).code())
            .isEqualTo(ErrorCode.INVALID_CONFIG);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("providers")
  void case32_indexAtOrBeyondItsCountIsRefused(LayoutProvider provider) {
    LayoutConfig config = shape(1);
    Layout layout = provider.bind(config, files(provider, config));
    for (int bad : new int[] {-1, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
      assertRefused(ErrorCode.INVALID_BLOCK_INDEX, () -> layout.offset(bad, 0, 0));
      assertRefused(ErrorCode.INVALID_LAYER_INDEX, () -> layout.offset(0, bad, 0));
      assertRefused(ErrorCode.INVALID_OUTER_INDEX, () -> layout.offset(0, 0, bad));
    }
    assertRefused(ErrorCode.INVALID_BLOCK_INDEX, () -> layout.offset(7, 0, 0));
    assertRefused(ErrorCode.INVALID_LAYER_INDEX, () -> layout.offset(0, 5, 0));
    assertRefused(ErrorCode.INVALID_OUTER_INDEX, () -> layout.offset(0, 0, 2));
    assertRefused(ErrorCode.INVALID_BLOCK_INDEX, () -> layout.storageIndex(7, 0, 0));
    assertRefused(ErrorCode.INVALID_LAYER_INDEX, () -> layout.storageIndex(0, 5, 0));
    assertRefused(ErrorCode.INVALID_OUTER_INDEX, () -> layout.storageIndex(0, 0, 2));
    assertRefused(ErrorCode.INVALID_BLOCK_INDEX, () -> layout.region(7, 0, 0));
    assertRefused(ErrorCode.INVALID_ARGUMENT, () -> layout.storage(layout.storageCount()));
    assertRefused(ErrorCode.INVALID_ARGUMENT, () -> layout.storage(-1));
  }

  @Test
  void case33_outerContiguousStrides() {
    LayoutConfig config = shape(256);
    assertThat(OUTER_CONTIGUOUS.storageByteSizes(config))
        .hasSize(5)
        .containsOnly(2 * 7 * 256L + 255);
    Layout layout = OUTER_CONTIGUOUS.bind(config, files(OUTER_CONTIGUOUS, config));
    assertThat(layout.storageIndex(6, 4, 1)).isEqualTo(4);
    assertThat(layout.offset(6, 4, 1)).isEqualTo(7 * 256 + 6 * 256);
    assertThat(layout.offset(3, 2, 0)).isEqualTo(3 * 256);
    assertThat(layout.isBlockContiguous()).isFalse();
  }

  @Test
  void case33_blockContiguousStrides() {
    LayoutConfig config = shape(256);
    assertThat(BLOCK_CONTIGUOUS.storageByteSizes(config)).hasSize(5).containsOnly(7 * 512L + 255);
    Layout layout = BLOCK_CONTIGUOUS.bind(config, files(BLOCK_CONTIGUOUS, config));
    assertThat(layout.storageIndex(6, 4, 1)).isEqualTo(4);
    assertThat(layout.offset(6, 4, 1)).isEqualTo(6 * 512 + 208);
    assertThat(layout.offset(3, 2, 0)).isEqualTo(3 * 512);
    assertThat(layout.isBlockContiguous()).isFalse();
  }

  @ParameterizedTest
  @MethodSource("providers")
  void case33_wrongStorageCountIsRefused(LayoutProvider provider) {
    LayoutConfig config = shape(1);
    List<Long> sizes = provider.storageByteSizes(config);
    List<Long> oneMore = new ArrayList<>(sizes);
    oneMore.add(sizes.getFirst());
    assertRefused(ErrorCode.INVALID_CONFIG, () -> provider.bind(config, files(oneMore)));
    assertRefused(
        ErrorCode.INVALID_CONFIG,
        () -> provider.bind(config, files(sizes.subList(0, sizes.size() - 1))));
  }

  @ParameterizedTest
  @MethodSource("providers")
  void case33_outerIndexOneOfMlaIsRefused(LayoutProvider provider) {
    LayoutConfig config = shape(1).toBuilder().outerDim(1).build();
    Layout layout = provider.bind(config, files(provider, config));
    assertThat(layout.offset(0, 0, 0)).isZero();
    assertRefused(ErrorCode.INVALID_OUTER_INDEX, () -> layout.offset(0, 0, 1));
  }

  @ParameterizedTest
  @MethodSource("providers")
  void sizeAtAlignmentOneIsWhatSizingSays(LayoutProvider provider) {
    LayoutConfig config = LayoutConfig.builder().numBlocks(1000).build();
    assertThat(provider.storageByteSizes(config).stream().mapToLong(Long::longValue).sum())
        .isEqualTo(8_388_608_000L)
        .isEqualTo(StorageSizing.requiredBytes(32, 2, 16, 4096, 2, 1000))
        .isEqualTo(config.blockByteSize() * 1000);
  }

  @ParameterizedTest
  @EnumSource(DType.class)
  void everyElementWidthIsLaidOutExactly(DType dtype) {
    LayoutConfig config = new LayoutConfig(3, 2, 2, 5, 7, dtype, 1);
    long region = Math.ceilDiv(5 * 7 * dtype.bits(), 8);
    Layout layout = FULLY_CONTIGUOUS.bind(config, files(FULLY_CONTIGUOUS, config));
    assertThat(layout.regionByteSize()).isEqualTo(region);
    assertThat(layout.blockByteSize()).isEqualTo(4 * region);
    assertThat(layout.offset(2, 1, 1)).isEqualTo(2 * 4 * region + 3 * region);
  }

  @Test
  void sizesBeyond63BitsAreRefused() {
    LayoutConfig config =
        new LayoutConfig(
            Integer.MAX_VALUE,
            LayoutConfig.MAX_NUM_LAYERS,
            LayoutConfig.MAX_OUTER_DIM,
            LayoutConfig.MAX_PAGE_SIZE,
            LayoutConfig.MAX_INNER_DIM,
            DType.INT64,
            1L << 30);
    assertRefused(ErrorCode.INVALID_CONFIG, () -> FULLY_CONTIGUOUS.storageByteSizes(config));
    assertRefused(
        ErrorCode.INVALID_CONFIG, () -> PagedLayoutProvider.INSTANCE.storageByteSizes(config));
  }

  @ParameterizedTest
  @MethodSource("providers")
  void offsetsBeyond32BitsAreRight(LayoutProvider provider) {
    LayoutConfig config = LayoutConfig.builder().numBlocks(50_000).build();
    Layout layout = provider.bind(config, files(provider, config));
    long storage = layout.storage(layout.storageIndex(49_999, 31, 1)).byteSize();
    assertThat(layout.offset(49_999, 31, 1)).isEqualTo(storage - config.regionByteSize());
    assertThat(storage).isGreaterThan(1L << 32);
  }

  @Test
  void deviceAddressesAlignLikeHostOnes() {
    LayoutConfig config = shape(256);
    long address = 0x7fff_0000_0001L;
    Storage device =
        new AddressedStorage(
            StorageType.device(0), address, FULLY_CONTIGUOUS.storageByteSizes(config).getFirst());
    Layout layout = FULLY_CONTIGUOUS.bind(config, List.of(device));
    assertThat(layout.offset(0, 0, 0)).isEqualTo(255);
    assertThat(layout.address(1, 0, 0)).isEqualTo(address + 255 + 2304);
  }

  @Test
  void oneLayerBlockContiguousIsOneRun() {
    LayoutConfig config = shape(256).toBuilder().numLayers(1).build();
    assertThat(BLOCK_CONTIGUOUS.bind(config, files(BLOCK_CONTIGUOUS, config)).isBlockContiguous())
        .isTrue();
    assertThat(OUTER_CONTIGUOUS.bind(config, files(OUTER_CONTIGUOUS, config)).isBlockContiguous())
        .isFalse();
    LayoutConfig mla = config.toBuilder().outerDim(1).build();
    assertThat(OUTER_CONTIGUOUS.bind(mla, files(OUTER_CONTIGUOUS, mla)).isBlockContiguous())
        .isTrue();
  }

  @Test
  void closedStorageHasNoRegion() {
    LayoutConfig config = shape(1);
    Storage storage = HostStorage.of(FULLY_CONTIGUOUS.storageByteSizes(config).getFirst());
    Layout layout = FULLY_CONTIGUOUS.bind(config, List.of(storage));
    storage.close();
    assertRefused(ErrorCode.CLOSED, () -> layout.region(0, 0, 0));
    assertThat(layout.offset(0, 0, 1)).isEqualTo(208);
  }

  @Test
  void messagesNameTheIndexAndTheRange() {
    LayoutConfig config = shape(1);
    Layout layout = FULLY_CONTIGUOUS.bind(config, files(FULLY_CONTIGUOUS, config));
    assertThatThrownBy(() -> layout.offset(0, 5, 0))
        .isInstanceOf(CallerException.class)
        .hasMessage("layer index 5 is outside 0 to 4");
  }
}
