package io.kvbm.core.pool;

import io.kvbm.api.CancellationToken;
import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.block.BasicMetadata;
import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.BlockMetadata;
import io.kvbm.api.config.KvBlockManagerConfig;
import io.kvbm.api.config.KvManagerLayoutConfig;
import io.kvbm.api.event.EventManager;
import io.kvbm.api.event.NullEventManager;
import io.kvbm.api.hash.HashScheme;
import io.kvbm.api.layout.Layout;
import io.kvbm.api.layout.LayoutConfig;
import io.kvbm.api.metrics.MetricsSink;
import io.kvbm.api.policy.EvictionPolicyProvider;
import io.kvbm.api.spi.Clock;
import io.kvbm.api.store.BlockStore;
import io.kvbm.core.policy.EvictionPolicies;
import io.kvbm.core.registry.BlockRegistry;
import io.kvbm.core.tokens.HashSchemes;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Builds a {@link BlockPool}. One of layout, store and logical says where the bytes are. */
public final class BlockPoolBuilder {

  String name = "blocks";
  HashScheme hashScheme = HashSchemes.of(KvBlockManagerConfig.DEFAULT_HASH_SCHEME);
  EventManager events = NullEventManager.INSTANCE;
  Supplier<? extends BlockMetadata> metadata = BasicMetadata::new;
  DuplicatePolicy duplicates = DuplicatePolicy.REJECT;
  MetricsSink metrics = MetricsSink.NULL;
  Clock clock = Clock.SYSTEM;
  Executor executor = ForkJoinPool.commonPool();
  CancellationToken cancellation = new CancellationToken();
  EvictionPolicyProvider policy =
      EvictionPolicies.of(KvManagerLayoutConfig.DEFAULT_EVICTION_POLICY);
  Presence presence = Presence.NONE;
  @Nullable ContentListener content;
  @Nullable Predicate<BlockKey> hidden;
  @Nullable Consumer<String> leakReport;
  private @Nullable BlockBytes bytes;

  BlockPoolBuilder() {}

  /**
   * {@return this builder}
   *
   * @param value the name in messages and metrics
   */
  public BlockPoolBuilder name(String value) {
    name = Objects.requireNonNull(value);
    return this;
  }

  /**
   * {@return this builder; blocks lie in a layout}
   *
   * @param value the layout; it stays the caller's and must outlive the pool
   */
  public BlockPoolBuilder layout(Layout value) {
    bytes = new BlockBytes(value.config(), value, null);
    return this;
  }

  /**
   * {@return this builder; blocks are kept by key}
   *
   * @param value the store; it stays the caller's and must outlive the pool
   * @param shape the shape of a block; its number of blocks is that of the store's slots
   */
  public BlockPoolBuilder store(BlockStore value, LayoutConfig shape) {
    bytes = new BlockBytes(shape.toBuilder().numBlocks(value.slots()).build(), null, value);
    return this;
  }

  /**
   * {@return this builder; blocks stand for shards on other workers}
   *
   * @param shape shape and number of blocks
   */
  public BlockPoolBuilder logical(LayoutConfig shape) {
    bytes = new BlockBytes(shape, null, null);
    return this;
  }

  /**
   * {@return this builder}
   *
   * @param value names blocks
   */
  public BlockPoolBuilder hashScheme(HashScheme value) {
    hashScheme = Objects.requireNonNull(value);
    return this;
  }

  /**
   * {@return this builder}
   *
   * @param value told what happens to blocks
   */
  public BlockPoolBuilder events(EventManager value) {
    events = Objects.requireNonNull(value);
    return this;
  }

  /**
   * {@return this builder}
   *
   * @param value told which blocks can be found; several are joined with {@link
   *     ContentListener#andThen}
   */
  public BlockPoolBuilder content(ContentListener value) {
    content = Objects.requireNonNull(value);
    return this;
  }

  /**
   * {@return this builder; some blocks are not found any more though they are still there, because
   * their time is over}
   *
   * @param value says of which blocks that holds; asked by every look-up, so it is quick
   */
  public BlockPoolBuilder hidden(Predicate<BlockKey> value) {
    hidden = Objects.requireNonNull(value);
    return this;
  }

  /**
   * {@return this builder; some more blocks are not found}
   *
   * @param value says of which blocks that holds too; asked by every look-up, so it is quick
   */
  public BlockPoolBuilder alsoHidden(Predicate<BlockKey> value) {
    hidden = hidden == null ? value : hidden.or(value);
    return this;
  }

  /**
   * {@return this builder}
   *
   * @param value makes the metadata of a fresh block
   */
  public BlockPoolBuilder metadata(Supplier<? extends BlockMetadata> value) {
    metadata = Objects.requireNonNull(value);
    return this;
  }

  /**
   * {@return this builder}
   *
   * @param value what registering a second block of a key does
   */
  public BlockPoolBuilder duplicates(DuplicatePolicy value) {
    duplicates = Objects.requireNonNull(value);
    return this;
  }

  /**
   * {@return this builder}
   *
   * @param value where to report
   */
  public BlockPoolBuilder metrics(MetricsSink value) {
    metrics = Objects.requireNonNull(value);
    return this;
  }

  /**
   * {@return this builder}
   *
   * @param value time, read for durations only
   */
  public BlockPoolBuilder clock(Clock value) {
    clock = Objects.requireNonNull(value);
    return this;
  }

  /**
   * {@return this builder}
   *
   * @param value runs asynchronous calls; it stays the caller's
   */
  public BlockPoolBuilder executor(Executor value) {
    executor = Objects.requireNonNull(value);
    return this;
  }

  /**
   * {@return this builder}
   *
   * @param value shuts the pool down when cancelled
   */
  public BlockPoolBuilder cancellation(CancellationToken value) {
    cancellation = Objects.requireNonNull(value);
    return this;
  }

  /**
   * {@return this builder}
   *
   * @param value orders unused blocks for eviction
   */
  public BlockPoolBuilder evictionPolicy(EvictionPolicyProvider value) {
    policy = Objects.requireNonNull(value);
    return this;
  }

  /**
   * {@return this builder; handles that are dropped without being closed are reported and their
   * blocks returned}
   *
   * <p>It takes a stack trace for every handle: for tests and for hunting a leak.
   *
   * @param report told which block was leaked and where it was acquired
   */
  public BlockPoolBuilder detectLeaks(Consumer<String> report) {
    leakReport = Objects.requireNonNull(report);
    return this;
  }

  /**
   * {@return this builder; the pool tells a registry shared by several tiers which blocks it holds}
   *
   * @param registry the registry; it stays the caller's
   * @param tier this pool's number among the tiers
   */
  public BlockPoolBuilder registry(BlockRegistry registry, int tier) {
    presence = new RegistryPresence(registry, tier);
    return this;
  }

  boolean hasEvents() {
    return !(events instanceof NullEventManager);
  }

  /**
   * {@return the pool, all blocks empty}
   *
   * @throws ConfigurationException if nothing says where the bytes are, or the page size is no
   *     power of two
   */
  public BlockPool build() {
    BlockBytes where = bytes;
    if (where == null) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG,
          "pool " + name + " needs a layout, a block store or a logical shape");
    }
    int pageSize = where.shape().pageSize();
    if (Integer.bitCount(pageSize) != 1) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG,
          "page size " + pageSize + " of pool " + name + " is not a power of two from 1 to 1024");
    }
    return new BlockPool(this, where.shape().numBlocks(), where);
  }
}
