package io.kvbm.core.layout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.layout.DType;
import io.kvbm.api.layout.Layout;
import io.kvbm.api.layout.LayoutConfig;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.storage.StorageType;
import java.util.List;
import org.junit.jupiter.api.Test;

class PagedLayoutTest {

  private static final PagedLayoutProvider PAGED = PagedLayoutProvider.INSTANCE;

  /** Two blocks of one layer with two regions of 26 bytes: half-byte elements, pages of 32. */
  private static final LayoutConfig CONFIG = new LayoutConfig(2, 1, 2, 4, 13, DType.INT4, 32);

  @Test
  void regionsFollowTheTable() {
    Layout layout =
        PAGED.bind(CONFIG, List.of(AddressedStorage.ofFile(10 * 32)), new int[] {9, 0, 4, 3});
    assertThat(layout.regionByteSize()).isEqualTo(26);
    assertThat(layout.offset(0, 0, 0)).isEqualTo(9 * 32);
    assertThat(layout.offset(0, 0, 1)).isZero();
    assertThat(layout.offset(1, 0, 0)).isEqualTo(4 * 32);
    assertThat(layout.offset(1, 0, 1)).isEqualTo(3 * 32);
    assertThat(layout.isBlockContiguous()).isFalse();
  }

  @Test
  void pagesAreNumberedThroughTheStorages() {
    Storage first = new AddressedStorage(StorageType.device(0), 0x1001, 31 + 2 * 32 + 31);
    Storage second = new AddressedStorage(StorageType.device(1), 0x2000, 3 * 32);
    Layout layout = PAGED.bind(CONFIG, List.of(first, second), new int[] {1, 2, 4, 0});
    assertThat(layout.storageCount()).isEqualTo(2);
    assertThat(layout.address(0, 0, 0)).isEqualTo(0x1020 + 32);
    assertThat(layout.address(0, 0, 1)).isEqualTo(0x2000);
    assertThat(layout.address(1, 0, 0)).isEqualTo(0x2000 + 2 * 32);
    assertThat(layout.address(1, 0, 1)).isEqualTo(0x1020);
  }

  @Test
  void defaultTableIsTheIdentity() {
    Layout layout =
        PAGED.bind(
            CONFIG, List.of(AddressedStorage.ofFile(PAGED.storageByteSizes(CONFIG).getFirst())));
    assertThat(layout.descriptor().pageTable()).containsExactly(0, 1, 2, 3);
    assertThat(layout.isBlockContiguous()).as("pages have padding").isFalse();
  }

  @Test
  void adjacentFullPagesAreOneRun() {
    LayoutConfig config = CONFIG.toBuilder().alignment(2).build();
    List<Storage> storages = List.of(AddressedStorage.ofFile(8 * 26));
    assertThat(PAGED.bind(config, storages, new int[] {4, 5, 0, 1}).isBlockContiguous()).isTrue();
    assertThat(PAGED.bind(config, storages, new int[] {4, 5, 1, 0}).isBlockContiguous()).isFalse();
    List<Storage> split = List.of(AddressedStorage.ofFile(26), AddressedStorage.ofFile(8 * 26));
    assertThat(PAGED.bind(config, split, new int[] {0, 1, 2, 3}).isBlockContiguous()).isFalse();
  }

  @Test
  void tableIsCopied() {
    int[] table = {0, 1, 2, 3};
    Layout layout = PAGED.bind(CONFIG, List.of(AddressedStorage.ofFile(10 * 32)), table);
    table[0] = 9;
    assertThat(layout.offset(0, 0, 0)).isZero();
  }

  @Test
  void tablesThatDoNotFitAreRefused() {
    assertTableRefused("4 regions", 0, 1, 2);
    assertTableRefused("4 regions", 0, 1, 2, 3, 4);
    assertTableRefused("page 2 twice", 2, 1, 0, 2);
    assertTableRefused("page 5", 0, 1, 2, 5);
    assertTableRefused("page -1", 0, -1, 2, 3);
  }

  @Test
  void storageWithoutRoomForAPageIsRefused() {
    List<Storage> storages = List.of(AddressedStorage.ofFile(4 * 32), AddressedStorage.ofFile(31));
    assertThatThrownBy(() -> PAGED.bind(CONFIG, storages, new int[] {0, 1, 2, 3}))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("storage 1");
    Storage allPadding = new AddressedStorage(StorageType.device(0), 1, 31);
    assertThatThrownBy(() -> PAGED.bind(CONFIG, List.of(allPadding), new int[] {0, 1, 2, 3}))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("aligned to 32");
  }

  private static void assertTableRefused(String message, int... table) {
    assertThatThrownBy(() -> PAGED.bind(CONFIG, List.of(AddressedStorage.ofFile(5 * 32)), table))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining(message);
  }
}
