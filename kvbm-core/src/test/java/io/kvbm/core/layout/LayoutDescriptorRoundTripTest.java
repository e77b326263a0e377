package io.kvbm.core.layout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.KvbmException;
import io.kvbm.api.layout.DType;
import io.kvbm.api.layout.Layout;
import io.kvbm.api.layout.LayoutConfig;
import io.kvbm.api.layout.LayoutDescriptor;
import io.kvbm.api.layout.LayoutDescriptor.StorageSpan;
import io.kvbm.api.layout.LayoutProvider;
import io.kvbm.api.layout.LayoutType;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.storage.StorageType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class LayoutDescriptorRoundTripTest {

  private static final LayoutConfig CONFIG = new LayoutConfig(3, 2, 2, 4, 13, DType.FP8, 64);

  static List<LayoutProvider> providers() {
    return Layouts.builtIn();
  }

  /** Device memory whose address is 5 behind a boundary, so that the base offset counts. */
  private static List<Storage> unaligned(List<Long> sizes, long by) {
    List<Storage> storages = new ArrayList<>();
    for (int i = 0; i < sizes.size(); i++) {
      long address = 0x1_0000_0000L * (i + 1) + by;
      storages.add(new AddressedStorage(StorageType.device(i), address, sizes.get(i)));
    }
    return storages;
  }

  private static Layout shuffled() {
    return PagedLayoutProvider.INSTANCE.bind(
        CONFIG,
        unaligned(List.of(7 * 64L + 63, 9 * 64L + 63), 5),
        new int[] {15, 0, 3, 2, 7, 6, 11, 10, 8, 4, 1, 14});
  }

  private static List<Layout> layouts() {
    List<Layout> layouts = new ArrayList<>();
    for (LayoutProvider provider : providers()) {
      layouts.add(provider.bind(CONFIG, unaligned(provider.storageByteSizes(CONFIG), 5)));
    }
    layouts.add(shuffled());
    return layouts;
  }

  @ParameterizedTest
  @MethodSource("layouts")
  void case34_descriptorGivesTheSameRegionsAgain(Layout layout) {
    LayoutDescriptor descriptor = layout.descriptor();
    LayoutDescriptor read = LayoutDescriptor.fromBytes(descriptor.toBytes());
    assertThat(read).isEqualTo(descriptor);

    List<Long> sizes = descriptor.storages().stream().map(StorageSpan::byteSize).toList();
    // Another process sees the bytes at other addresses; offsets must not move with them.
    Layout restored = Layouts.of(read.type()).restore(read, unaligned(sizes, 11));
    for (int block = 0; block < 3; block++) {
      for (int layer = 0; layer < 2; layer++) {
        for (int outer = 0; outer < 2; outer++) {
          assertThat(restored.offset(block, layer, outer))
              .isEqualTo(layout.offset(block, layer, outer));
          assertThat(restored.storageIndex(block, layer, outer))
              .isEqualTo(layout.storageIndex(block, layer, outer));
        }
      }
    }
    assertThat(restored.isBlockContiguous()).isEqualTo(layout.isBlockContiguous());
    assertThat(restored.descriptor()).isEqualTo(descriptor);
  }

  @Test
  void case34_unknownVersionIsRefused() {
    LayoutDescriptor good = shuffled().descriptor();
    assertThatThrownBy(
            () ->
                new LayoutDescriptor(
                    999, good.type(), good.config(), good.storages(), good.pageTable()))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("version 999");
    byte[] bytes = good.toBytes();
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(4, 999);
    assertThatThrownBy(() -> LayoutDescriptor.fromBytes(bytes))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("version 999");
  }

  @ParameterizedTest
  @MethodSource("layouts")
  void truncationAtEveryLengthIsRefused(Layout layout) {
    byte[] bytes = layout.descriptor().toBytes();
    for (int length = 0; length < bytes.length; length++) {
      byte[] cut = Arrays.copyOf(bytes, length);
      assertThatThrownBy(() -> LayoutDescriptor.fromBytes(cut))
          .as("cut to %d of %d bytes", length, bytes.length)
          .isInstanceOf(KvbmException.class);
    }
  }

  @ParameterizedTest
  @MethodSource("layouts")
  void everySingleBitFlipIsRefused(Layout layout) {
    byte[] bytes = layout.descriptor().toBytes();
    for (int bit = 0; bit < 8 * bytes.length; bit++) {
      byte[] flipped = bytes.clone();
      flipped[bit / 8] ^= (byte) (1 << bit % 8);
      assertThatThrownBy(() -> LayoutDescriptor.fromBytes(flipped))
          .as("bit %d", bit)
          .isInstanceOf(KvbmException.class);
    }
  }

  @Test
  void descriptorOfAnotherTypeIsRefused() {
    LayoutDescriptor paged = shuffled().descriptor();
    LayoutProvider other = Layouts.of(LayoutType.FULLY_CONTIGUOUS);
    assertThatThrownBy(() -> other.restore(paged, unaligned(List.of(1L << 20, 1L << 20), 0)))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContainingAll("fully-contiguous", "paged");
  }

  @ParameterizedTest
  @MethodSource("layouts")
  void restoreRefusesFewerOrShorterStorages(Layout layout) {
    LayoutDescriptor descriptor = layout.descriptor();
    LayoutProvider provider = Layouts.of(descriptor.type());
    List<Long> sizes =
        new ArrayList<>(descriptor.storages().stream().map(StorageSpan::byteSize).toList());
    LayoutFormulaTest.assertRefused(
        ErrorCode.INVALID_CONFIG,
        () -> provider.restore(descriptor, unaligned(sizes.subList(1, sizes.size()), 0)));
    sizes.set(0, sizes.getFirst() - 1);
    LayoutFormulaTest.assertRefused(
        ErrorCode.INVALID_CONFIG, () -> provider.restore(descriptor, unaligned(sizes, 0)));
  }

  @ParameterizedTest
  @MethodSource("providers")
  void restoreRefusesSpansTooSmallForTheShape(LayoutProvider provider) {
    LayoutDescriptor good =
        provider.bind(CONFIG, unaligned(provider.storageByteSizes(CONFIG), 0)).descriptor();
    List<StorageSpan> shifted =
        good.storages().stream()
            .map(span -> new StorageSpan(span.type(), 64, span.byteSize()))
            .toList();
    LayoutDescriptor bad = new LayoutDescriptor(1, good.type(), CONFIG, shifted, good.pageTable());
    List<Long> sizes = good.storages().stream().map(StorageSpan::byteSize).toList();
    LayoutFormulaTest.assertRefused(
        ErrorCode.INVALID_CONFIG, () -> provider.restore(bad, unaligned(sizes, 0)));
  }

  @Test
  void stridedDescriptorWithAPageTableIsRefused() {
    LayoutProvider provider = Layouts.of(LayoutType.FULLY_CONTIGUOUS);
    List<Storage> storages = unaligned(provider.storageByteSizes(CONFIG), 0);
    LayoutDescriptor good = provider.bind(CONFIG, storages).descriptor();
    LayoutDescriptor bad =
        new LayoutDescriptor(1, good.type(), CONFIG, good.storages(), List.of(0));
    LayoutFormulaTest.assertRefused(
        ErrorCode.INVALID_CONFIG, () -> provider.restore(bad, storages));
  }
}
