package io.kvbm.api.config;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.Stability;
import io.kvbm.api.layout.DType;
import io.kvbm.api.layout.LayoutConfig;

/**
 * The shape of the model's KV cache, the same in every tier.
 *
 * @param numLayers layers
 * @param outerDim outer regions of a layer: 2 for K and V, 1 for MLA
 * @param pageSize tokens in a block
 * @param innerDim elements of one token in one outer region
 * @param dtype the type of an element
 */
@Stability(Stability.Level.STABLE)
public record KvManagerModelConfig(
    int numLayers, int outerDim, int pageSize, int innerDim, DType dtype) {

  /** Checks every value against its limit. */
  public KvManagerModelConfig {
    new LayoutConfig(1, numLayers, outerDim, pageSize, innerDim, dtype, 1);
  }

  /** {@return a builder with 32 layers, outer 2, 16 tokens, inner 4096, FP16} */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * {@return the shape of one tier}
   *
   * @param numBlocks blocks in it
   * @param alignment a power of two in bytes
   */
  public LayoutConfig layout(int numBlocks, long alignment) {
    return new LayoutConfig(numBlocks, numLayers, outerDim, pageSize, innerDim, dtype, alignment);
  }

  /** {@return bytes of one block} */
  public long blockByteSize() {
    return layout(1, 1).blockByteSize();
  }

  /** Builds a {@link KvManagerModelConfig}; {@link #build()} validates. */
  public static final class Builder {
    private int numLayers = LayoutConfig.DEFAULT_NUM_LAYERS;
    private int outerDim = LayoutConfig.DEFAULT_OUTER_DIM;
    private int pageSize = LayoutConfig.DEFAULT_PAGE_SIZE;
    private int innerDim = LayoutConfig.DEFAULT_INNER_DIM;
    private DType dtype = DType.FP16;

    private Builder() {}

    /**
     * {@return this builder}
     *
     * @param value layers
     */
    public Builder numLayers(int value) {
      numLayers = value;
      return this;
    }

    /**
     * {@return this builder}
     *
     * @param value outer regions of a layer
     */
    public Builder outerDim(int value) {
      outerDim = value;
      return this;
    }

    /**
     * {@return this builder}
     *
     * @param value tokens in a block
     */
    public Builder pageSize(int value) {
      pageSize = value;
      return this;
    }

    /**
     * {@return this builder}
     *
     * @param value elements of one token in one outer region
     */
    public Builder innerDim(int value) {
      innerDim = value;
      return this;
    }

    /**
     * {@return this builder}
     *
     * @param value the type of an element
     */
    public Builder dtype(DType value) {
      dtype = value;
      return this;
    }

    /**
     * {@return the configuration}
     *
     * @throws ConfigurationException naming the first value out of range
     */
    public KvManagerModelConfig build() {
      return new KvManagerModelConfig(numLayers, outerDim, pageSize, innerDim, dtype);
    }
  }
}
