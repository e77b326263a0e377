package io.kvbm.core.config;

import static io.kvbm.api.spi.ConfigKey.Type.BOOLEAN;
import static io.kvbm.api.spi.ConfigKey.Type.BYTE_SIZE;
import static io.kvbm.api.spi.ConfigKey.Type.DURATION;
import static io.kvbm.api.spi.ConfigKey.Type.INTEGER;
import static io.kvbm.api.spi.ConfigKey.Type.PATH;
import static io.kvbm.api.spi.ConfigKey.Type.STRING;

import io.kvbm.api.config.KvBlockManagerConfig;
import io.kvbm.api.config.KvManagerLayoutConfig;
import io.kvbm.api.layout.DType;
import io.kvbm.api.layout.LayoutConfig;
import io.kvbm.api.layout.LayoutType;
import io.kvbm.api.remote.LoanRequest;
import io.kvbm.api.spi.ConfigKey;
import io.kvbm.api.spi.EnvironmentAlias;
import io.kvbm.core.offload.OffloadEdge;
import io.kvbm.core.offload.SightingAdmission;
import io.kvbm.core.remote.SharingOptions;
import io.kvbm.core.tier.CacheLevel;
import io.kvbm.core.tiering.TieringOptions;
import io.kvbm.core.transfer.TransferLimits;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/** The settings of the core: their paths, and what each can be. */
public final class CoreSettings {

  private static final String DYNAMO = "DYN_KVBM_";

  private static final String[] WRITE_POLICIES = {"through", "back", "selective", "none"};

  /** The most threads for blocking I/O. */
  public static final int MAX_IO_THREADS = 1024;

  /** Path: the folder with one folder of jars for each backend. */
  public static final String PLUGINS = "platform.plugins";

  /** Path: the most threads for blocking I/O. */
  public static final String IO_THREADS = "platform.ioThreads";

  /** Path: host memory that backends may take for themselves. */
  public static final String MEMORY_BUDGET = "platform.memoryBudget";

  /** Path: where metrics are reported to. */
  public static final String METRICS = "platform.metrics";

  /** Path: whether blocks that nobody closed are looked for. */
  public static final String LEAK_DETECTION = "platform.leakDetection";

  /** Path: blocks waiting on one route. */
  public static final String MAX_QUEUED_BLOCKS = "transfers.maxQueuedBlocks";

  /** Path: bytes of one route in flight. */
  public static final String MAX_BYTES_IN_FLIGHT = "transfers.maxBytesInFlight";

  /** Path: batches of one route in flight. */
  public static final String MAX_BATCHES_IN_FLIGHT = "transfers.maxBatchesInFlight";

  /** Path: blocks of one batch. */
  public static final String MAX_BATCH_BLOCKS = "transfers.maxBatchBlocks";

  /** Path: host memory of a batch that goes in two hops. */
  public static final String BOUNCE_BYTE_SIZE = "transfers.bounceByteSize";

  /** Path: after how long a batch counts as stalled. */
  public static final String STALL = "transfers.stall";

  /** Path: stalled batches others are started in place of. */
  public static final String MAX_STALLED_BATCHES = "transfers.maxStalledBatches";

  /** Path: how long closing waits for what is in flight. */
  public static final String DRAIN = "transfers.drain";

  /** Path: when blocks go from the device tier to the tier below it. */
  public static final String BELOW_DEVICE = "tiering.belowDevice";

  /** Path: when blocks go from the host tier to the disk tier. */
  public static final String BELOW_HOST = "tiering.belowHost";

  /** Path: at which sighting a selective edge copies a block. */
  public static final String SIGHTINGS = "tiering.sightings";

  /** Path: the least offload priority of blocks that leave the top tier. */
  public static final String LEAST_PRIORITY = "tiering.leastPriority";

  /** Path: how long an allocation waits for blocks to be moved down. */
  public static final String DEMOTION = "tiering.demotion";

  /** Path: which movements are checked end to end. */
  public static final String VERIFICATION = "tiering.verification";

  /** Path: whether loads that lose to computing are made. */
  public static final String COST_GATE = "tiering.costGate";

  /** Path: how fast tokens are computed. */
  public static final String TOKENS_PER_SECOND = "tiering.tokensPerSecond";

  /** Path: what attention adds. */
  public static final String QUADRATIC = "tiering.quadraticPicoseconds";

  /** Path: this worker among others. */
  public static final String WORKER_ID = "runtime.workerId";

  /** Path: the model the blocks belong to. */
  public static final String MODEL_NAME = "runtime.modelName";

  /** Path: what separates caches of one model. */
  public static final String SALT = "runtime.salt";

  /** Path: the LoRA adapter. */
  public static final String LORA = "runtime.lora";

  /** Path: a ready salt hash. */
  public static final String SALT_HASH = "runtime.saltHash";

  /** Path: whether blocks are shared with other workers. */
  public static final String REMOTE = "runtime.remote";

  /** Path: the agent that shares them. */
  public static final String REMOTE_AGENT = "runtime.remoteAgent";

  /** Path: the directory that says who holds which blocks. */
  public static final String SHARING_DIRECTORY = "sharing.directory";

  /** Path: which tiers are lent. */
  public static final String SHARING_LEND = "sharing.lend";

  /** Path: whether peers may write. */
  public static final String SHARING_WRITABLE = "sharing.writable";

  /** Path: memory for blocks on their way to peers. */
  public static final String SHARING_STAGING = "sharing.staging";

  /** Path: how long a fetch takes at most. */
  public static final String SHARING_TIMEOUT = "sharing.fetchTimeout";

  /** Path: the most blocks of one fetch. */
  public static final String SHARING_MAX_BLOCKS = "sharing.maxFetchBlocks";

  /** Path: the most blocks lent at once. */
  public static final String SHARING_MAX_LENT = "sharing.maxLentBlocks";

  /** Path: whether what is lent is announced. */
  public static final String SHARING_PUBLISH = "sharing.publish";

  /** Path: what names blocks. */
  public static final String HASH_SCHEME = "runtime.hashScheme";

  /** Path: layers of the model. */
  public static final String NUM_LAYERS = "model.numLayers";

  /** Path: outer regions of a layer. */
  public static final String OUTER_DIM = "model.outerDim";

  /** Path: tokens in a block. */
  public static final String PAGE_SIZE = "model.pageSize";

  /** Path: elements of a token. */
  public static final String INNER_DIM = "model.innerDim";

  /** Path: the type of an element. */
  public static final String DTYPE = "model.dtype";

  /** Last part of a tier's path: how many blocks. */
  public static final String BLOCKS = "blocks";

  /** Last part of a tier's path: how many bytes, in place of blocks. */
  public static final String BYTE_SIZE_OF_TIER = "byteSize";

  /** Last part of a tier's path: which backend. */
  public static final String BACKEND = "backend";

  /** Last part of a tier's path: what of the backend holds the blocks. */
  public static final String HOLDER = "holder";

  /** Last part of a tier's path: how blocks are arranged. */
  public static final String LAYOUT = "layout";

  /** Last part of a tier's path: what strides are padded to. */
  public static final String ALIGNMENT = "alignment";

  /** Last part of a tier's path: which block is evicted. */
  public static final String POLICY = "policy";

  private CoreSettings() {}

  /**
   * {@return the path of a tier's setting}
   *
   * @param level the tier
   * @param name the last part
   */
  public static String tier(CacheLevel level, String name) {
    return "tiers." + level.text() + "." + name;
  }

  /** {@return every setting of the core, in the order of the documentation} */
  static List<ConfigSetting> all() {
    List<ConfigSetting> all = new ArrayList<>();
    platform(all);
    transfers(all);
    tiering(all);
    runtime(all);
    sharing(all);
    model(all);
    for (CacheLevel level : CacheLevel.values()) {
      tier(all, level);
    }
    return all;
  }

  private static void platform(List<ConfigSetting> all) {
    add(
        all,
        key(PLUGINS, PATH, "", "folder with one folder of jars for each backend")
            .withAlias(
                new EnvironmentAlias(
                    EnvironmentNames.PLUGINS,
                    text -> Optional.of(text).filter(path -> !path.isBlank()))),
        PLUGINS);
    add(
        all,
        key(
                IO_THREADS,
                INTEGER,
                "",
                "the most threads for blocking I/O; twice the processors where not set, at least"
                    + " 4, at most 32")
            .withRange(1, MAX_IO_THREADS),
        IO_THREADS);
    add(
        all,
        key(
                MEMORY_BUDGET,
                BYTE_SIZE,
                "",
                "the most host memory backends take for themselves; without it there is no limit")
            .withRange(0, Long.MAX_VALUE),
        MEMORY_BUDGET);
    add(
        all,
        key(METRICS, STRING, "none", "where metrics go: nowhere, or Micrometer's global registry")
            .withChoices("none", "micrometer"),
        METRICS);
    add(
        all,
        key(
            LEAK_DETECTION,
            BOOLEAN,
            "false",
            "log blocks that were dropped without being closed, and where they were acquired;"
                + " slow"),
        LEAK_DETECTION);
  }

  private static void transfers(List<ConfigSetting> all) {
    TransferLimits limits = TransferLimits.DEFAULT;
    add(
        all,
        key(
                MAX_QUEUED_BLOCKS,
                INTEGER,
                String.valueOf(limits.maxQueuedBlocks()),
                "blocks waiting on one route; a submit waits where there would be more")
            .withRange(1, Integer.MAX_VALUE),
        MAX_QUEUED_BLOCKS);
    add(
        all,
        key(
                MAX_BYTES_IN_FLIGHT,
                BYTE_SIZE,
                mebibytes(limits.maxBytesInFlight()),
                "bytes of one route in flight")
            .withRange(1, Long.MAX_VALUE),
        MAX_BYTES_IN_FLIGHT);
    add(
        all,
        key(
                MAX_BATCHES_IN_FLIGHT,
                INTEGER,
                String.valueOf(limits.maxBatchesInFlight()),
                "batches of one route in flight")
            .withRange(1, Integer.MAX_VALUE)
            .withAlias(alias("MAX_CONCURRENT_TRANSFERS")),
        MAX_BATCHES_IN_FLIGHT);
    add(
        all,
        key(
                MAX_BATCH_BLOCKS,
                INTEGER,
                String.valueOf(limits.maxBatchBlocks()),
                "blocks of one batch; a larger transfer becomes several")
            .withRange(1, Integer.MAX_VALUE)
            .withAlias(alias("MAX_TRANSFER_BATCH_SIZE")),
        MAX_BATCH_BLOCKS);
    add(
        all,
        key(
                BOUNCE_BYTE_SIZE,
                BYTE_SIZE,
                mebibytes(limits.bounceByteSize()),
                "host memory of a batch that goes in two hops")
            .withRange(2, Long.MAX_VALUE),
        BOUNCE_BYTE_SIZE);
    add(
        all,
        key(
            STALL,
            DURATION,
            seconds(limits.stallNanos()),
            "after so long a batch counts as stalled: others are started in its place, and what it"
                + " uses stays taken; 0s = never"),
        STALL);
    add(
        all,
        key(
                MAX_STALLED_BATCHES,
                INTEGER,
                String.valueOf(limits.maxStalledBatches()),
                "stalled batches of one route others are started in place of; then it refuses")
            .withRange(0, Integer.MAX_VALUE),
        MAX_STALLED_BATCHES);
    add(
        all,
        key(
            DRAIN,
            DURATION,
            seconds(limits.drainNanos()),
            "how long closing waits for what is in flight"),
        DRAIN);
  }

  private static void tiering(List<ConfigSetting> all) {
    add(
        all,
        key(
                BELOW_DEVICE,
                STRING,
                "back",
                "when blocks go from the device tier to the one below: as soon as they are filled"
                    + " (through), when they are evicted (back), when they were used again"
                    + " (selective) or never (none)")
            .withChoices(WRITE_POLICIES),
        BELOW_DEVICE);
    add(
        all,
        key(BELOW_HOST, STRING, "back", "the same, from the host tier to the disk tier")
            .withChoices(WRITE_POLICIES)
            .withAlias(
                new EnvironmentAlias(
                    DYNAMO + "DISABLE_DISK_OFFLOAD_FILTER",
                    text -> Optional.of(isOff(text) ? "selective" : "back"))),
        BELOW_HOST);
    add(
        all,
        key(
                SIGHTINGS,
                INTEGER,
                String.valueOf(OffloadEdge.DEFAULT_SIGHTINGS),
                "how often a block is seen before a selective edge copies it")
            .withRange(1, SightingAdmission.MAX_SIGHTINGS),
        SIGHTINGS);
    add(
        all,
        key(
                LEAST_PRIORITY,
                INTEGER,
                "0",
                "blocks of a lower offload priority do not leave the top tier downwards")
            .withAlias(alias("HOST_OFFLOAD_PREFIX_MIN_PRIORITY")),
        LEAST_PRIORITY);
    add(
        all,
        key(
            DEMOTION,
            DURATION,
            seconds(TieringOptions.DEFAULT.demotionNanos()),
            "how long an allocation waits for blocks to be moved out of its way before it drops"
                + " them"),
        DEMOTION);
    add(
        all,
        key(
                VERIFICATION,
                STRING,
                "stores",
                "which movements between tiers are checked end to end: none, those into and out of"
                    + " stores, or all")
            .withChoices("none", "stores", "all"),
        VERIFICATION);
    add(
        all,
        key(
                COST_GATE,
                STRING,
                "off",
                "whether blocks that are faster to compute than to load are not loaded: off, advise"
                    + " (only counted) or enforce; needs tokensPerSecond")
            .withChoices("off", "advise", "enforce"),
        COST_GATE);
    add(
        all,
        key(TOKENS_PER_SECOND, INTEGER, "", "how many tokens a second are computed")
            .withRange(1, Integer.MAX_VALUE),
        TOKENS_PER_SECOND);
    add(
        all,
        key(
                QUADRATIC,
                INTEGER,
                "0",
                "what attention adds: a sequence of t tokens takes t squared times so many"
                    + " picoseconds more")
            .withRange(0, Integer.MAX_VALUE),
        QUADRATIC);
  }

  /** Of Dynamo's block manager; its keys are in its configuration reference. */
  private static EnvironmentAlias alias(String name) {
    return new EnvironmentAlias(DYNAMO + name, Optional::of);
  }

  private static boolean isOff(String text) {
    return Set.of("", "0", "false", "no", "off").contains(text.strip().toLowerCase(Locale.ROOT));
  }

  private static String seconds(long nanos) {
    return nanos / 1_000_000_000L + "s";
  }

  private static void runtime(List<ConfigSetting> all) {
    add(all, key(WORKER_ID, INTEGER, "0", "this worker among others"), WORKER_ID);
    add(
        all,
        key(MODEL_NAME, STRING, "", "the model; persisted blocks of another one are misses"),
        MODEL_NAME);
    add(
        all,
        key(SALT, STRING, "", "separates caches of one model, for instance of tenants").asSecret(),
        SALT);
    add(all, key(LORA, STRING, "", "the LoRA adapter; separates caches as the salt does"), LORA);
    add(
        all,
        key(SALT_HASH, INTEGER, "", "a ready 64-bit salt hash, in place of salt and lora")
            .asSecret(),
        SALT_HASH);
    add(
        all,
        key(
                REMOTE,
                STRING,
                "disabled",
                "share blocks with other workers: with an agent of its own, or the one of"
                    + " remoteAgent")
            .withChoices("disabled", "enabled", "use-agent"),
        REMOTE);
    add(
        all,
        key(REMOTE_AGENT, STRING, "", "the agent's name, with remote: use-agent"),
        REMOTE_AGENT);
    add(
        all,
        key(
            HASH_SCHEME,
            STRING,
            KvBlockManagerConfig.DEFAULT_HASH_SCHEME,
            "what names blocks: xxh3-64-v2, xxh3-64-v1, positional-lineage-128 or one a module"
                + " provides"),
        HASH_SCHEME);
  }

  private static void sharing(List<ConfigSetting> all) {
    add(
        all,
        key(
            SHARING_DIRECTORY,
            STRING,
            "none",
            "the kind of directory that says which worker has which blocks, such as etcd; none:"
                + " nothing is fetched or announced"),
        SHARING_DIRECTORY);
    add(
        all,
        key(
            SHARING_LEND,
            STRING,
            "device,host,disk",
            "the tiers whose blocks are lent to other workers, with commas between; none for none"),
        SHARING_LEND);
    add(
        all,
        key(SHARING_WRITABLE, BOOLEAN, "false", "whether other workers may write the lent tiers"),
        SHARING_WRITABLE);
    add(
        all,
        key(
            SHARING_STAGING,
            BYTE_SIZE,
            mebibytes(SharingOptions.DEFAULT.stagingByteSize()),
            "host memory for blocks on their way to other workers out of tiers those cannot read"),
        SHARING_STAGING);
    add(
        all,
        key(
            SHARING_TIMEOUT,
            DURATION,
            seconds(SharingOptions.DEFAULT.fetchTimeout().toNanos()),
            "how long fetching from other workers takes at most"),
        SHARING_TIMEOUT);
    add(
        all,
        key(
                SHARING_MAX_BLOCKS,
                INTEGER,
                String.valueOf(SharingOptions.DEFAULT.maxFetchBlocks()),
                "the most blocks of one fetch")
            .withRange(1, LoanRequest.MAX_KEYS),
        SHARING_MAX_BLOCKS);
    add(
        all,
        key(
                SHARING_MAX_LENT,
                INTEGER,
                String.valueOf(SharingOptions.DEFAULT.maxLentBlocks()),
                "the most blocks lent at once")
            .withRange(1, Integer.MAX_VALUE),
        SHARING_MAX_LENT);
    add(
        all,
        key(SHARING_PUBLISH, BOOLEAN, "true", "whether what is lent is announced in the directory"),
        SHARING_PUBLISH);
  }

  private static void model(List<ConfigSetting> all) {
    shape(all, NUM_LAYERS, LayoutConfig.DEFAULT_NUM_LAYERS, LayoutConfig.MAX_NUM_LAYERS, "layers");
    shape(
        all,
        OUTER_DIM,
        LayoutConfig.DEFAULT_OUTER_DIM,
        LayoutConfig.MAX_OUTER_DIM,
        "outer regions of a layer: 2 for K and V, 1 for MLA");
    shape(
        all,
        PAGE_SIZE,
        LayoutConfig.DEFAULT_PAGE_SIZE,
        LayoutConfig.MAX_PAGE_SIZE,
        "tokens in a block");
    shape(
        all,
        INNER_DIM,
        LayoutConfig.DEFAULT_INNER_DIM,
        LayoutConfig.MAX_INNER_DIM,
        "elements of one token in one outer region");
    String[] types =
        Arrays.stream(DType.values())
            .map(type -> type.name().toLowerCase(Locale.ROOT))
            .toArray(String[]::new);
    add(all, key(DTYPE, STRING, "fp16", "the type of an element").withChoices(types), DTYPE);
  }

  private static void tier(List<ConfigSetting> all, CacheLevel level) {
    String kind = level == CacheLevel.HOST ? "system" : level.text();
    String blocks = tier(level, BLOCKS);
    add(
        all,
        withDynamo(
            key(blocks, INTEGER, "0", "blocks of the tier; 0 means there is no such tier")
                .withRange(0, Integer.MAX_VALUE),
            level,
            "_CACHE_OVERRIDE_NUM_BLOCKS",
            Optional::of),
        blocks);
    String bytes = tier(level, BYTE_SIZE_OF_TIER);
    add(
        all,
        withDynamo(
            key(
                    bytes,
                    BYTE_SIZE,
                    "0",
                    "bytes of the tier, as many whole blocks as fit; where blocks is 0")
                .withRange(0, Long.MAX_VALUE),
            level,
            "_CACHE_GB",
            CoreSettings::gigabytes),
        bytes);
    String backend = tier(level, BACKEND);
    add(all, key(backend, STRING, kind, "a backend, name@version, or a storage kind"), backend);
    String holder = tier(level, HOLDER);
    add(
        all,
        key(
                holder,
                STRING,
                "auto",
                "what holds the blocks: the backend's allocator, its block store, the first of"
                    + " them it has, or none (logical: the blocks are on other workers)")
            .withChoices("auto", "allocator", "block-store", "logical"),
        holder);
    String layout = tier(level, LAYOUT);
    add(
        all,
        key(
            layout,
            STRING,
            LayoutType.FULLY_CONTIGUOUS.name(),
            "how blocks are arranged: fully-contiguous, layer-separate-outer-contiguous,"
                + " layer-separate-block-contiguous, paged or one a backend provides"),
        layout);
    String alignment = tier(level, ALIGNMENT);
    add(
        all,
        key(alignment, BYTE_SIZE, "1", "every stride is padded to it, a power of two")
            .withRange(1, 1L << 30),
        alignment);
    String policy = tier(level, POLICY);
    add(
        all,
        key(
            policy,
            STRING,
            KvManagerLayoutConfig.DEFAULT_EVICTION_POLICY,
            "which block is evicted: adaptive, lru, fifo, priority, multi-lru, s3fifo, arc,"
                + " tinylfu, lineage or one a module provides"),
        policy);
  }

  /** The host and the disk tier have variables in Dynamo, too. */
  private static ConfigKey withDynamo(
      ConfigKey key,
      CacheLevel level,
      String suffix,
      Function<String, Optional<String>> toSetting) {
    return switch (level) {
      case DEVICE -> key;
      case HOST -> key.withAlias(new EnvironmentAlias(DYNAMO + "CPU" + suffix, toSetting));
      case DISK -> key.withAlias(new EnvironmentAlias(DYNAMO + "DISK" + suffix, toSetting));
    };
  }

  /** A number of 10^9 bytes, also a broken one; what is no number is left to be complained of. */
  private static Optional<String> gigabytes(String text) {
    try {
      return Optional.of(new BigDecimal(text.strip()).movePointRight(9).toBigInteger().toString());
    } catch (NumberFormatException _) {
      return Optional.of(text);
    }
  }

  private static void shape(
      List<ConfigSetting> all, String path, int defaultValue, int max, String help) {
    add(all, key(path, INTEGER, String.valueOf(defaultValue), help).withRange(1, max), path);
  }

  private static ConfigKey key(String path, ConfigKey.Type type, String defaultValue, String help) {
    return new ConfigKey(path.substring(path.lastIndexOf('.') + 1), type, defaultValue, help);
  }

  private static void add(List<ConfigSetting> all, ConfigKey key, String path) {
    all.add(new ConfigSetting(path, key, EnvironmentNames.variable(path), ConfigSchema.CORE));
  }

  private static String mebibytes(long byteSize) {
    return (byteSize >> 20) + "MiB";
  }
}
