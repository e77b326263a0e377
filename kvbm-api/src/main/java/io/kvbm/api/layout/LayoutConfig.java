package io.kvbm.api.layout;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;
import java.util.Objects;

/**
 * The shape of the blocks of one tier.
 *
 * @param numBlocks blocks, at least 1
 * @param numLayers layers, 1 to {@value #MAX_NUM_LAYERS}
 * @param outerDim outer regions of a layer: 2 where K and V are kept apart, 1 for MLA
 * @param pageSize tokens in a block, 1 to {@value #MAX_PAGE_SIZE}
 * @param innerDim elements of one token in one outer region, 1 to {@value #MAX_INNER_DIM}
 * @param dtype the type of an element
 * @param alignment a power of two in bytes; every stride is padded to it
 */
@Stability(Stability.Level.STABLE)
public record LayoutConfig(
    int numBlocks,
    int numLayers,
    int outerDim,
    int pageSize,
    int innerDim,
    DType dtype,
    long alignment) {

  /** Tokens in a block where nothing else is said. */
  public static final int DEFAULT_PAGE_SIZE = 16;

  /** Elements of a token in a layer where nothing else is said. */
  public static final int DEFAULT_INNER_DIM = 4096;

  /** Layers where nothing else is said. */
  public static final int DEFAULT_NUM_LAYERS = 32;

  /** Outer regions where nothing else is said. */
  public static final int DEFAULT_OUTER_DIM = 2;

  /** The most tokens in a block. */
  public static final int MAX_PAGE_SIZE = 1024;

  /** The most elements of a token in a layer. */
  public static final int MAX_INNER_DIM = 32768;

  /** The most layers. */
  public static final int MAX_NUM_LAYERS = 128;

  /** The most outer regions. */
  public static final int MAX_OUTER_DIM = 2;

  /** Checks every value against its limit, and that the sizes stay within 63 bits. */
  public LayoutConfig {
    Objects.requireNonNull(dtype, "dtype");
    require("numBlocks", numBlocks, Integer.MAX_VALUE);
    require("numLayers", numLayers, MAX_NUM_LAYERS);
    require("outerDim", outerDim, MAX_OUTER_DIM);
    require("pageSize", pageSize, MAX_PAGE_SIZE);
    require("innerDim", innerDim, MAX_INNER_DIM);
    if (alignment < 1 || Long.bitCount(alignment) != 1 || alignment > 1L << 30) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG,
          "alignment " + alignment + " is not a power of two of at most 2^30 bytes");
    }
  }

  /** {@return a builder with the default shape, FP16 and alignment 1} */
  public static Builder builder() {
    return new Builder();
  }

  /** {@return a builder that starts from this configuration} */
  public Builder toBuilder() {
    return new Builder()
        .numBlocks(numBlocks)
        .numLayers(numLayers)
        .outerDim(outerDim)
        .pageSize(pageSize)
        .innerDim(innerDim)
        .dtype(dtype)
        .alignment(alignment);
  }

  /** {@return bytes of one (layer, outer) region of a block, without padding} */
  public long regionByteSize() {
    return dtype.byteSize((long) pageSize * innerDim);
  }

  /** {@return bytes of one block, without padding} */
  public long blockByteSize() {
    return regionByteSize() * outerDim * numLayers;
  }

  private static void require(String name, int value, int max) {
    if (value < 1 || value > max) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG,
          max == Integer.MAX_VALUE
              ? name + " must be at least 1, got " + value
              : name + " must be 1 to " + max + ", got " + value);
    }
  }

  /** Builds a {@link LayoutConfig}; {@link #build()} validates. */
  public static final class Builder {
    private int numBlocks = 1;
    private int numLayers = DEFAULT_NUM_LAYERS;
    private int outerDim = DEFAULT_OUTER_DIM;
    private int pageSize = DEFAULT_PAGE_SIZE;
    private int innerDim = DEFAULT_INNER_DIM;
    private DType dtype = DType.FP16;
    private long alignment = 1;

    private Builder() {}

    /**
     * {@return this builder}
     *
     * @param value blocks
     */
    public Builder numBlocks(int value) {
      numBlocks = value;
      return this;
    }

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
     * {@return this builder}
     *
     * @param value a power of two in bytes
     */
    public Builder alignment(long value) {
      alignment = value;
      return this;
    }

    /**
     * {@return the configuration}
     *
     * @throws ConfigurationException naming the first value out of range
     */
    public LayoutConfig build() {
      return new LayoutConfig(numBlocks, numLayers, outerDim, pageSize, innerDim, dtype, alignment);
    }
  }
}
