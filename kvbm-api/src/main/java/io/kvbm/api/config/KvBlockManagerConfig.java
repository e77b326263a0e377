package io.kvbm.api.config;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;
import io.kvbm.api.block.BasicMetadata;
import io.kvbm.api.block.BlockMetadata;
import io.kvbm.api.event.EventManager;
import io.kvbm.api.event.NullEventManager;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A block manager: runtime, model and up to three tiers.
 *
 * @param runtime what it runs with
 * @param model the shape of the blocks
 * @param deviceLayout the first tier, or null
 * @param hostLayout the second tier, or null
 * @param diskLayout the third tier, or null
 * @param eventManager told what happens to blocks
 * @param metadata makes the metadata of a fresh block
 * @param hashScheme the name of the hash scheme
 */
@Stability(Stability.Level.STABLE)
public record KvBlockManagerConfig(
    KvManagerRuntimeConfig runtime,
    KvManagerModelConfig model,
    @Nullable KvManagerLayoutConfig deviceLayout,
    @Nullable KvManagerLayoutConfig hostLayout,
    @Nullable KvManagerLayoutConfig diskLayout,
    EventManager eventManager,
    Supplier<? extends BlockMetadata> metadata,
    String hashScheme) {

  /** The hash scheme where none is named: XXH3-64, compatible with Dynamo's second version. */
  public static final String DEFAULT_HASH_SCHEME = "xxh3-64-v2";

  /** Checks that there is at least one tier. */
  public KvBlockManagerConfig {
    Objects.requireNonNull(runtime, "runtime");
    Objects.requireNonNull(model, "model");
    Objects.requireNonNull(eventManager, "eventManager");
    Objects.requireNonNull(metadata, "metadata");
    Objects.requireNonNull(hashScheme, "hashScheme");
    if (deviceLayout == null && hostLayout == null && diskLayout == null) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG,
          "a block manager needs at least one of device, host and disk layout");
    }
  }

  /** {@return a builder with the default runtime and model and no tier} */
  public static Builder builder() {
    return new Builder();
  }

  /** Builds a {@link KvBlockManagerConfig}; {@link #build()} validates. */
  public static final class Builder {
    private KvManagerRuntimeConfig runtime = KvManagerRuntimeConfig.builder().build();
    private KvManagerModelConfig model = KvManagerModelConfig.builder().build();
    private @Nullable KvManagerLayoutConfig deviceLayout;
    private @Nullable KvManagerLayoutConfig hostLayout;
    private @Nullable KvManagerLayoutConfig diskLayout;
    private EventManager eventManager = NullEventManager.INSTANCE;
    private Supplier<? extends BlockMetadata> metadata = BasicMetadata::new;
    private String hashScheme = DEFAULT_HASH_SCHEME;

    private Builder() {}

    /**
     * {@return this builder}
     *
     * @param value what the manager runs with
     */
    public Builder runtime(KvManagerRuntimeConfig value) {
      runtime = value;
      return this;
    }

    /**
     * {@return this builder}
     *
     * @param value the shape of the blocks
     */
    public Builder model(KvManagerModelConfig value) {
      model = value;
      return this;
    }

    /**
     * {@return this builder}
     *
     * @param value the first tier
     */
    public Builder deviceLayout(KvManagerLayoutConfig value) {
      deviceLayout = value;
      return this;
    }

    /**
     * {@return this builder}
     *
     * @param value the second tier
     */
    public Builder hostLayout(KvManagerLayoutConfig value) {
      hostLayout = value;
      return this;
    }

    /**
     * {@return this builder}
     *
     * @param value the third tier
     */
    public Builder diskLayout(KvManagerLayoutConfig value) {
      diskLayout = value;
      return this;
    }

    /**
     * {@return this builder}
     *
     * @param value told what happens to blocks
     */
    public Builder eventManager(EventManager value) {
      eventManager = value;
      return this;
    }

    /**
     * {@return this builder}
     *
     * @param value makes the metadata of a fresh block
     */
    public Builder metadata(Supplier<? extends BlockMetadata> value) {
      metadata = value;
      return this;
    }

    /**
     * {@return this builder}
     *
     * @param value the name of the hash scheme
     */
    public Builder hashScheme(String value) {
      hashScheme = value;
      return this;
    }

    /**
     * {@return the configuration}
     *
     * @throws ConfigurationException naming what is missing
     */
    public KvBlockManagerConfig build() {
      return new KvBlockManagerConfig(
          runtime, model, deviceLayout, hostLayout, diskLayout, eventManager, metadata, hashScheme);
    }
  }
}
