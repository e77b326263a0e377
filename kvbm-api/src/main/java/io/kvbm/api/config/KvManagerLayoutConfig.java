package io.kvbm.api.config;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;
import io.kvbm.api.block.BlockParallelismStrategy;
import io.kvbm.api.layout.DType;
import io.kvbm.api.layout.LayoutConfig;
import io.kvbm.api.layout.LayoutType;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.storage.StorageAllocator;
import io.kvbm.api.store.BlockStoreFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One tier: how many blocks, laid out how, in what. Exactly one of storages, allocator, block store
 * and logical says where the bytes are.
 *
 * @param numBlocks blocks, at least 1
 * @param layoutType how the blocks are arranged; ignored by a block store and by logical tiers
 * @param alignment a power of two in bytes; every stride is padded to it
 * @param storages the caller's storages, empty if not used; they stay the caller's
 * @param allocator allocates the tier's storages, or null; the manager owns what it allocates
 * @param blockStore keeps the tier's blocks by key, or null; the manager owns what it opens
 * @param logical what the tier's blocks stand for on other workers, or null for local blocks
 * @param evictionPolicy the name of the eviction policy
 */
@Stability(Stability.Level.STABLE)
public record KvManagerLayoutConfig(
    int numBlocks,
    LayoutType layoutType,
    long alignment,
    List<Storage> storages,
    @Nullable StorageAllocator allocator,
    @Nullable BlockStoreFactory blockStore,
    @Nullable BlockParallelismStrategy logical,
    String evictionPolicy) {

  /** The eviction policy where none is named. */
  public static final String DEFAULT_EVICTION_POLICY = "adaptive";

  /** Checks the values. */
  public KvManagerLayoutConfig {
    // The limits of a layout of this many blocks, whatever the model's shape.
    new LayoutConfig(numBlocks, 1, 1, 1, 1, DType.INT8, alignment);
    Objects.requireNonNull(layoutType, "layoutType");
    Objects.requireNonNull(evictionPolicy, "evictionPolicy");
    storages = List.copyOf(storages);
    List<String> sources = new ArrayList<>();
    if (!storages.isEmpty()) {
      sources.add("storages");
    }
    if (allocator != null) {
      sources.add("allocator");
    }
    if (blockStore != null) {
      sources.add("blockStore");
    }
    if (logical != null) {
      sources.add("logical");
    }
    if (sources.size() != 1) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG,
          sources.isEmpty()
              ? "a tier needs one of storages, allocator, blockStore or logical"
              : "a tier takes one of storages, allocator, blockStore or logical, got " + sources);
    }
  }

  /** {@return a builder: fully contiguous, alignment 1, least recently used is evicted} */
  public static Builder builder() {
    return new Builder();
  }

  /** Builds a {@link KvManagerLayoutConfig}; {@link #build()} validates. */
  public static final class Builder {
    private int numBlocks;
    private LayoutType layoutType = LayoutType.FULLY_CONTIGUOUS;
    private long alignment = 1;
    private List<Storage> storages = List.of();
    private @Nullable StorageAllocator allocator;
    private @Nullable BlockStoreFactory blockStore;
    private @Nullable BlockParallelismStrategy logical;
    private String evictionPolicy = DEFAULT_EVICTION_POLICY;

    private Builder() {}

    /**
     * {@return this builder}
     *
     * @param value blocks, at least 1
     */
    public Builder numBlocks(int value) {
      numBlocks = value;
      return this;
    }

    /**
     * {@return this builder}
     *
     * @param value how the blocks are arranged
     */
    public Builder layoutType(LayoutType value) {
      layoutType = value;
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
     * {@return this builder}
     *
     * @param value the caller's storages
     */
    public Builder storages(List<Storage> value) {
      storages = value;
      return this;
    }

    /**
     * {@return this builder}
     *
     * @param value allocates the tier's storages
     */
    public Builder allocator(StorageAllocator value) {
      allocator = value;
      return this;
    }

    /**
     * {@return this builder}
     *
     * @param value keeps the tier's blocks by key
     */
    public Builder blockStore(BlockStoreFactory value) {
      blockStore = value;
      return this;
    }

    /**
     * {@return this builder}
     *
     * @param value what the tier's blocks stand for on other workers
     */
    public Builder logical(BlockParallelismStrategy value) {
      logical = value;
      return this;
    }

    /**
     * {@return this builder}
     *
     * @param value the name of the eviction policy
     */
    public Builder evictionPolicy(String value) {
      evictionPolicy = value;
      return this;
    }

    /**
     * {@return the configuration}
     *
     * @throws ConfigurationException naming what is missing or contradictory
     */
    public KvManagerLayoutConfig build() {
      return new KvManagerLayoutConfig(
          numBlocks,
          layoutType,
          alignment,
          storages,
          allocator,
          blockStore,
          logical,
          evictionPolicy);
    }
  }
}
