package io.kvbm.core.transfer;

import io.kvbm.api.layout.DType;
import io.kvbm.api.layout.Layout;
import io.kvbm.api.layout.LayoutConfig;
import io.kvbm.api.layout.LayoutProvider;
import io.kvbm.api.layout.LayoutType;
import io.kvbm.api.storage.Region;
import io.kvbm.api.storage.Storage;
import io.kvbm.core.layout.Layouts;
import io.kvbm.testkit.BytePatterns;
import io.kvbm.testkit.HostStorage;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongFunction;

/**
 * Blocks of one layout over storages of its own, whose every region has a pattern of its own.
 * Closes the storages.
 */
final class TestBlocks implements AutoCloseable {

  static final LayoutConfig SHAPE =
      LayoutConfig.builder()
          .numBlocks(8)
          .numLayers(3)
          .outerDim(2)
          .pageSize(4)
          .innerDim(9)
          .dtype(DType.INT8)
          .build();

  private final Layout layout;
  private final List<Storage> storages;

  private TestBlocks(LayoutProvider provider, LayoutConfig shape, LongFunction<Storage> memory) {
    storages = new ArrayList<>();
    provider.storageByteSizes(shape).forEach(size -> storages.add(memory.apply(size)));
    layout = provider.bind(shape, storages);
  }

  static TestBlocks of(LayoutType type, LayoutConfig shape, LongFunction<Storage> memory) {
    return new TestBlocks(Layouts.of(type), shape, memory);
  }

  /** Fully contiguous in host memory. */
  static TestBlocks host() {
    return of(LayoutType.FULLY_CONTIGUOUS, SHAPE, HostStorage::new);
  }

  static TestBlocks host(int numBlocks) {
    return of(
        LayoutType.FULLY_CONTIGUOUS,
        SHAPE.toBuilder().numBlocks(numBlocks).build(),
        HostStorage::new);
  }

  /** Fully contiguous in memory that only some transport reaches. */
  static TestBlocks far() {
    return of(LayoutType.FULLY_CONTIGUOUS, SHAPE, FarStorage::new);
  }

  BlockPlace place() {
    return new BlockPlace.LaidOut(layout);
  }

  List<Storage> storages() {
    return storages;
  }

  /** Gives each region of a block its pattern. */
  void fill(int slot, long seed) {
    forEachRegion(
        (layer, outer) -> BytePatterns.fill(bytes(slot, layer, outer), seed + 31 * layer + outer));
  }

  void fillAll(long seed) {
    for (int slot = 0; slot < layout.config().numBlocks(); slot++) {
      fill(slot, seed + 1000L * slot);
    }
  }

  void guardAll() {
    storages.forEach(
        storage -> BytePatterns.guard(((Region.HostRegion) storage.region()).segment()));
  }

  void verify(int slot, long seed) {
    forEachRegion((layer, outer) -> verify(slot, layer, outer, seed));
  }

  void verifyLayer(int slot, int layer, long seed) {
    for (int outer = 0; outer < layout.config().outerDim(); outer++) {
      verify(slot, layer, outer, seed);
    }
  }

  void verifyGuardLayer(int slot, int layer) {
    for (int outer = 0; outer < layout.config().outerDim(); outer++) {
      BytePatterns.verifyAll(bytes(slot, layer, outer), BytePatterns.GUARD, "guard " + slot);
    }
  }

  void verifyGuard(int slot) {
    forEachRegion(
        (layer, outer) ->
            BytePatterns.verifyAll(bytes(slot, layer, outer), BytePatterns.GUARD, "guard " + slot));
  }

  private void verify(int slot, int layer, int outer, long seed) {
    BytePatterns.verify(
        bytes(slot, layer, outer),
        seed + 31 * layer + outer,
        "slot %d layer %d outer %d".formatted(slot, layer, outer));
  }

  private MemorySegment bytes(int slot, int layer, int outer) {
    return ((Region.HostRegion) layout.region(slot, layer, outer)).segment();
  }

  private interface RegionVisitor {
    void visit(int layer, int outer);
  }

  private void forEachRegion(RegionVisitor visitor) {
    for (int layer = 0; layer < layout.config().numLayers(); layer++) {
      for (int outer = 0; outer < layout.config().outerDim(); outer++) {
        visitor.visit(layer, outer);
      }
    }
  }

  @Override
  public void close() {
    storages.forEach(Storage::close);
  }
}
