package io.kvbm.cli.replay;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.config.KvManagerModelConfig;
import io.kvbm.api.layout.DType;
import io.kvbm.api.layout.LayoutConfig;

/** A model whose blocks have a given length. */
final class BlockShape {

  /** Blocks are a multiple of this, so that they can be read and written past the page cache. */
  static final long UNIT = 4096;

  private static final long LARGEST =
      (long) LayoutConfig.MAX_PAGE_SIZE * LayoutConfig.MAX_INNER_DIM * LayoutConfig.MAX_NUM_LAYERS;

  private BlockShape() {}

  /** Returns a model of one-byte elements whose blocks have that length. */
  static KvManagerModelConfig ofByteSize(long byteSize) {
    if (byteSize < UNIT || byteSize % UNIT != 0 || byteSize > LARGEST) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "a block of %d bytes is not a multiple of %d up to 4 GiB; try 64KiB"
              .formatted(byteSize, UNIT));
    }
    int page = LayoutConfig.DEFAULT_PAGE_SIZE;
    while (page < LayoutConfig.MAX_PAGE_SIZE && byteSize / page > LayoutConfig.MAX_INNER_DIM) {
      page *= 2;
    }
    int layers = 1;
    while (byteSize % ((long) page * layers) != 0
        || byteSize / ((long) page * layers) > LayoutConfig.MAX_INNER_DIM) {
      layers++;
      if (layers > LayoutConfig.MAX_NUM_LAYERS) {
        throw new CallerException(
            ErrorCode.INVALID_ARGUMENT,
            "no block shape has %d bytes; try a power of two".formatted(byteSize));
      }
    }
    return KvManagerModelConfig.builder()
        .numLayers(layers)
        .outerDim(1)
        .pageSize(page)
        .innerDim((int) (byteSize / ((long) page * layers)))
        .dtype(DType.INT8)
        .build();
  }
}
