package io.kvbm.core.layout;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.layout.LayoutProvider;
import io.kvbm.api.layout.LayoutType;
import java.util.Arrays;
import java.util.List;

/** The layouts kvbm ships. Stateless and safe from any thread. */
public final class Layouts {

  private static final List<LayoutProvider> BUILT_IN =
      List.of(
          new StridedLayoutProvider(LayoutType.FULLY_CONTIGUOUS, Strides::fullyContiguous),
          new StridedLayoutProvider(
              LayoutType.LAYER_SEPARATE_OUTER_CONTIGUOUS, Strides::outerContiguous),
          new StridedLayoutProvider(
              LayoutType.LAYER_SEPARATE_BLOCK_CONTIGUOUS, Strides::blockContiguous),
          PagedLayoutProvider.INSTANCE);

  private Layouts() {}

  /**
   * {@return a provider for each built-in type: fully contiguous, both layer-separate ones, paged}
   */
  public static List<LayoutProvider> builtIn() {
    return BUILT_IN;
  }

  /**
   * {@return the built-in provider of a type}
   *
   * @param type the arrangement
   * @throws ConfigurationException with {@link ErrorCode#INVALID_CONFIG}, listing the built-in
   *     types, if it is none of them
   */
  public static LayoutProvider of(LayoutType type) {
    for (LayoutProvider provider : BUILT_IN) {
      if (provider.type().equals(type)) {
        return provider;
      }
    }
    throw new ConfigurationException(
        ErrorCode.INVALID_CONFIG,
        "layout type '%s' is unknown; built in are %s"
            .formatted(type, BUILT_IN.stream().map(LayoutProvider::type).toList()));
  }

  /**
   * Finds out from the shape of an engine's per-layer tensors how they keep their blocks: blocks
   * first means that a block's outer regions are side by side, blocks second that each outer index
   * has all its blocks together.
   *
   * @param numBlocks blocks the tensor must have room for
   * @param shape the tensor's dimensions, outermost first
   * @return {@link LayoutType#LAYER_SEPARATE_BLOCK_CONTIGUOUS} if the first dimension holds the
   *     blocks, {@link LayoutType#LAYER_SEPARATE_OUTER_CONTIGUOUS} if the second does
   * @throws ConfigurationException with {@link ErrorCode#INVALID_CONFIG} if neither does
   */
  public static LayoutType detectLayerSeparate(int numBlocks, long... shape) {
    if (shape.length > 0 && shape[0] >= numBlocks) {
      return LayoutType.LAYER_SEPARATE_BLOCK_CONTIGUOUS;
    }
    if (shape.length > 1 && shape[1] >= numBlocks) {
      return LayoutType.LAYER_SEPARATE_OUTER_CONTIGUOUS;
    }
    throw new ConfigurationException(
        ErrorCode.INVALID_CONFIG,
        "neither of the first two dimensions of tensor shape %s holds %d blocks"
            .formatted(Arrays.toString(shape), numBlocks));
  }
}
