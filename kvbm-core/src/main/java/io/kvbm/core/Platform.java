package io.kvbm.core;

import io.kvbm.api.BackendException;
import io.kvbm.api.CallerException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.codec.Codec;
import io.kvbm.api.disk.Disk;
import io.kvbm.api.hash.HashScheme;
import io.kvbm.api.layout.LayoutProvider;
import io.kvbm.api.layout.LayoutType;
import io.kvbm.api.metrics.MetricsSink;
import io.kvbm.api.policy.EvictionPolicyProvider;
import io.kvbm.api.remote.BlockDirectory;
import io.kvbm.api.remote.DirectoryFactory;
import io.kvbm.api.remote.DirectoryListener;
import io.kvbm.api.remote.DirectoryMember;
import io.kvbm.api.remote.RemoteAgent;
import io.kvbm.api.spi.Availability;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.spi.BackendContext;
import io.kvbm.api.spi.BackendProvider;
import io.kvbm.api.spi.Clock;
import io.kvbm.api.spi.Finding;
import io.kvbm.api.spi.MemoryBudget;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.storage.StorageAllocator;
import io.kvbm.api.store.BlockStoreFactory;
import io.kvbm.api.store.Log;
import io.kvbm.api.store.LogFactory;
import io.kvbm.api.store.ObjectStore;
import io.kvbm.api.store.ObjectStoreFactory;
import io.kvbm.api.store.OpenMode;
import io.kvbm.api.transfer.Transport;
import io.kvbm.core.config.ConfigSchema;
import io.kvbm.core.config.CoreSettings;
import io.kvbm.core.config.KvbmConfig;
import io.kvbm.core.layout.Layouts;
import io.kvbm.core.objects.ObjectBlockStores;
import io.kvbm.core.objects.ObjectBlocks;
import io.kvbm.core.plugin.OneLine;
import io.kvbm.core.plugin.PluginFolders;
import io.kvbm.core.policy.EvictionPolicies;
import io.kvbm.core.time.Deadlines;
import io.kvbm.core.tokens.HashSchemes;
import io.kvbm.core.transfer.TransferEngine;
import io.kvbm.core.transfer.TransferLimits;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The entry to kvbm: finds the installed backends and opens what is asked for.
 *
 * <pre>{@code
 * try (Platform platform = Platform.load();
 *     Storage storage = platform.allocator("disk").allocate(1 << 20)) {
 *   …
 * }
 * }</pre>
 *
 * <p>Wherever a backend is named, the name is, in this order: a backend's name, which means its
 * highest version; {@code name@version}; a storage kind such as {@code device}, which means the
 * available backend of the highest priority that has it; or {@code auto}, which means the available
 * backend of the highest priority that has what is asked for.
 *
 * <p>Ownership: a platform owns the backends it opened, and closes them when it is closed;
 * storages, stores and logs made through it belong to whoever asked for them. Threading: safe from
 * any thread.
 */
public final class Platform implements AutoCloseable {

  /** Enough to hide the latency of a service, few enough to leave threads to disks. */
  private static final int OBJECTS_IN_FLIGHT = 16;

  private final PluginFolders plugins;
  private final BackendCatalog catalog;
  private final Map<String, BackendConfig> configs;
  private final OpenBackends open;
  private final PlatformThreads threads;
  private final Clock clock;
  private final MetricsSink metrics;
  private final MetricsSink.Part ownMetrics;
  private final Optional<Disk> disk;
  private final MemoryBudget memoryBudget;
  private final boolean leakDetection;
  private final InstalledPlugins<Codec> codecs;
  private final InstalledPlugins<EvictionPolicyProvider> policies;
  private final InstalledPlugins<HashScheme> hashSchemes;
  private final Deadlines deadlines;
  private final TransferEngine transfers;
  private final SharedAgents agents;
  private final Object closeLock = new Object();
  private volatile boolean closed;

  private Platform(Builder builder, PluginFolders plugins) {
    this.plugins = plugins;
    catalog = builder.discover(plugins);
    configs = Map.copyOf(builder.configs);
    threads = new PlatformThreads(builder.ioThreads);
    clock = builder.clock;
    metrics = builder.metrics;
    ownMetrics = metrics.part();
    disk = Optional.ofNullable(builder.disk);
    memoryBudget = builder.memoryBudget;
    leakDetection = builder.leakDetection;
    ClassLoader loader = builder.classLoader;
    codecs = InstalledPlugins.find(Codec.class, "codec", Codec::name, List.of(), loader, plugins);
    policies =
        InstalledPlugins.find(
            EvictionPolicyProvider.class,
            "eviction policy",
            EvictionPolicyProvider::name,
            EvictionPolicies.builtIn(),
            loader,
            plugins);
    hashSchemes =
        InstalledPlugins.find(
            HashScheme.class,
            "hash scheme",
            HashScheme::name,
            HashSchemes.builtIn(),
            loader,
            plugins);
    open = new OpenBackends(this::lend, builder.transports);
    deadlines = Deadlines.threaded(clock);
    transfers =
        new TransferEngine(
            new PlatformEnvironment(this, catalog, open, threads.callbacks(), deadlines),
            builder.transferLimits);
    agents =
        new SharedAgents(
            catalog,
            name -> offered(name, null, "agent", Backend::agents, _ -> name),
            this::directoriesOf);
  }

  /** {@return a platform with every backend that the modules and the class path provide} */
  public static Platform load() {
    return builder().build();
  }

  /** {@return a builder} */
  public static Builder builder() {
    return new Builder();
  }

  /** {@return every installed backend, by name, the newest version of each first; probes each} */
  public List<BackendListing> backends() {
    return catalog.backends().stream()
        .map(installed -> installed.listing(configured(installed)))
        .toList();
  }

  /**
   * Lets every installed backend check what it uses of this machine; opens none of them. Of several
   * versions of a backend the highest is asked.
   *
   * @param directory where backends that keep files would keep them, or empty for what they are
   *     configured with
   * @return the findings of one backend after the other, by their names; those on a directory only
   *     where one is given
   */
  public List<Finding> diagnose(Optional<Path> directory) {
    Map<String, InstalledBackend> newest = new LinkedHashMap<>();
    catalog.backends().forEach(installed -> newest.putIfAbsent(installed.name(), installed));
    return newest.values().stream()
        .flatMap(installed -> installed.diagnose(configured(installed), directory).stream())
        .filter(finding -> finding.scope() == Finding.Scope.MACHINE || directory.isPresent())
        .toList();
  }

  /** {@return one line for each plugin or provider found and refused, saying why} */
  public List<String> refusals() {
    return Stream.of(
            catalog.refusals(), codecs.refusals(), policies.refusals(), hashSchemes.refusals())
        .flatMap(List::stream)
        .toList();
  }

  /**
   * {@return an open backend, the same on each call with these settings; the platform closes it}
   *
   * @param name which one; see the class description
   * @param config its settings
   * @throws ConfigurationException with {@link ErrorCode#BACKEND_UNAVAILABLE} if there is none of
   *     that name, listing those there are, or if it cannot run here, saying why; with {@link
   *     ErrorCode#INVALID_CONFIG} if a setting is unknown
   */
  public Backend backend(String name, BackendConfig config) {
    return offered(name, config, "backend", List::of, _ -> name);
  }

  /**
   * {@return an open backend with the settings the platform was built with}
   *
   * @param name which one; see the class description
   */
  public Backend backend(String name) {
    return offered(name, null, "backend", List::of, _ -> name);
  }

  /**
   * {@return an allocator, with the settings the platform was built with}
   *
   * @param name a backend or a storage kind; see the class description
   * @throws ConfigurationException as {@link #backend} does, and if the backend allocates nothing
   */
  public StorageAllocator allocator(String name) {
    return offered(name, null, "allocator", Backend::allocators, StorageAllocator::storageKind);
  }

  /**
   * {@return an allocator}
   *
   * @param name a backend or a storage kind; see the class description
   * @param config the backend's settings
   * @throws ConfigurationException as {@link #backend} does, and if the backend allocates nothing
   */
  public StorageAllocator allocator(String name, BackendConfig config) {
    return offered(name, config, "allocator", Backend::allocators, StorageAllocator::storageKind);
  }

  /**
   * {@return what opens block stores, with the settings the platform was built with}
   *
   * @param name a backend or a storage kind; see the class description
   * @throws ConfigurationException as {@link #backend} does, and if the backend has no block store
   */
  public BlockStoreFactory blockStore(String name) {
    return offered(name, null, "block store", this::blockStoresOf, BlockStoreFactory::storageKind);
  }

  /**
   * {@return what opens block stores}
   *
   * @param name a backend or a storage kind; see the class description
   * @param config the backend's settings
   * @throws ConfigurationException as {@link #backend} does, and if the backend has no block store
   */
  public BlockStoreFactory blockStore(String name, BackendConfig config) {
    return offered(
        name, config, "block store", this::blockStoresOf, BlockStoreFactory::storageKind);
  }

  /** A backend that keeps objects and no blocks becomes a tier all the same. */
  private List<BlockStoreFactory> blockStoresOf(Backend backend) {
    List<BlockStoreFactory> own = backend.blockStores();
    return own.isEmpty() ? backend.objectStores().stream().map(this::asBlockStores).toList() : own;
  }

  private BlockStoreFactory asBlockStores(ObjectStoreFactory objects) {
    return new ObjectBlockStores(
        objects, true, ObjectBlocks.Sharing.OWN_ONLY, OBJECTS_IN_FLIGHT, threads.io(), clock);
  }

  /**
   * {@return an open object store, with the settings the platform was built with; the caller closes
   * it}
   *
   * @param name a backend or a storage kind; see the class description
   * @param location what the backend understands: a directory, a bucket, a name
   * @param mode writer or snapshot reader
   * @throws ConfigurationException as {@link #backend} does, and if the backend has no object store
   */
  public ObjectStore objectStore(String name, String location, OpenMode mode) {
    return offered(
            name, null, "object store", Backend::objectStores, ObjectStoreFactory::storageKind)
        .open(location, mode);
  }

  /**
   * {@return an open object store; the caller closes it}
   *
   * @param name a backend or a storage kind; see the class description
   * @param config the backend's settings
   * @param location what the backend understands: a directory, a bucket, a name
   * @param mode writer or snapshot reader
   * @throws ConfigurationException as {@link #backend} does, and if the backend has no object store
   */
  public ObjectStore objectStore(
      String name, BackendConfig config, String location, OpenMode mode) {
    return offered(
            name, config, "object store", Backend::objectStores, ObjectStoreFactory::storageKind)
        .open(location, mode);
  }

  /**
   * {@return an open log; the caller closes it}
   *
   * @param name a backend or a storage kind; see the class description
   * @param config the backend's settings
   * @param location what the backend understands: a directory, a name
   * @throws ConfigurationException as {@link #backend} does, and if the backend has no log
   */
  public Log log(String name, BackendConfig config, String location) {
    return offered(name, config, "log", Backend::logs, LogFactory::storageKind).open(location);
  }

  /**
   * Opens an agent, which shares memory and blocks with other processes.
   *
   * @param backend its backend; empty for one whose storage kind is {@code remote}
   * @param name the agent's name, unique among agents that know each other
   * @return the platform closes it; whoever has no more use for it may close it before
   * @throws ConfigurationException as {@link #backend} does, and if the backend has no agents
   * @throws CallerException with {@link ErrorCode#INVALID_ARGUMENT} if an open agent has the name
   */
  public RemoteAgent openAgent(String backend, String name) {
    requireOpen();
    return agents.open(backend, name);
  }

  /**
   * {@return an agent that was opened on this platform}
   *
   * @param name its name
   * @throws ConfigurationException with {@link ErrorCode#INVALID_CONFIG} if there is none, listing
   *     those there are
   */
  public RemoteAgent agent(String name) {
    requireOpen();
    return agents.get(name);
  }

  /**
   * Joins a directory of who holds which blocks.
   *
   * @param kind the name of a backend, which may have one, or a kind of directory such as {@code
   *     etcd} of a backend whose storage kind is {@code remote}
   * @param self this member
   * @param listener told what becomes of others
   * @return the caller closes it, which withdraws the member
   * @throws ConfigurationException with {@link ErrorCode#BACKEND_UNAVAILABLE} if there is none,
   *     listing those there are, with {@link ErrorCode#INVALID_CONFIG} if settings are missing
   */
  public BlockDirectory directory(String kind, DirectoryMember self, DirectoryListener listener) {
    requireOpen();
    return agents.join(kind, self, listener);
  }

  private List<DirectoryFactory> directoriesOf(InstalledBackend installed) {
    BackendConfig settings = configured(installed);
    settings.validate(installed.name(), installed.configKeys());
    return installed.probe(settings).isAvailable()
        ? open.get(installed, settings).directories()
        : List.of();
  }

  /** {@return what keeps the agents of this platform} */
  SharedAgents agents() {
    return agents;
  }

  /** {@return what needs a processor for a while runs here} */
  Executor compute() {
    return threads.compute();
  }

  /**
   * {@return what makes eviction policies of a name}
   *
   * @param name a built-in policy or one that a module or a plugin folder provides
   * @throws ConfigurationException if there is none of that name, listing those there are
   */
  public EvictionPolicyProvider evictionPolicy(String name) {
    return EvictionPolicies.of(name, policies.plugins());
  }

  /**
   * {@return the names that {@link #evictionPolicy} knows, sorted}
   *
   * @throws ConfigurationException if a policy on the path cannot be loaded or two have one name
   */
  public List<String> evictionPolicies() {
    return EvictionPolicies.names(policies.plugins());
  }

  /**
   * {@return a hash scheme}
   *
   * @param name a built-in scheme or one that a module or a plugin folder provides
   * @throws ConfigurationException if there is none of that name, listing those there are
   */
  public HashScheme hashScheme(String name) {
    return HashSchemes.of(name, hashSchemes.plugins());
  }

  /**
   * {@return what makes layouts of a type: the built-in one, else that of an open backend}
   *
   * @param type the arrangement
   * @throws ConfigurationException if nobody makes such layouts, listing the built-in ones
   */
  public LayoutProvider layout(LayoutType type) {
    return Stream.concat(
            Layouts.builtIn().stream(),
            open.all().stream().flatMap(backend -> backend.layouts().stream()))
        .filter(provider -> provider.type().equals(type))
        .findFirst()
        .orElseGet(() -> Layouts.of(type));
  }

  /**
   * {@return what moves blocks between storages and stores of any backend; the platform closes it}
   */
  public TransferEngine transfers() {
    requireOpen();
    return transfers;
  }

  /**
   * Copies a whole storage to the start of another and waits for the end.
   *
   * @param source where the bytes are
   * @param target where they go; at least as large
   * @return how many bytes were copied: all
   * @throws CallerException with {@link ErrorCode#OUT_OF_BOUNDS} if the target is smaller, with
   *     {@link ErrorCode#NO_ROUTE} if nothing can move bytes this way; nothing moved
   */
  public long transfer(Storage source, Storage target) {
    if (target.byteSize() < source.byteSize()) {
      throw new CallerException(
          ErrorCode.OUT_OF_BOUNDS,
          "%d bytes of %s storage do not fit the %d of %s storage"
              .formatted(source.byteSize(), source.type(), target.byteSize(), target.type()));
    }
    return transfers().copy(source, 0, target, 0, source.byteSize());
  }

  /** {@return the codecs found, by name} */
  public List<Codec> codecs() {
    return codecs.plugins();
  }

  /** {@return where continuations of callers run; blocking there holds up nobody else} */
  public Executor executor() {
    return threads.callbacks();
  }

  /** {@return where the platform and its backends report to} */
  public MetricsSink metrics() {
    return metrics;
  }

  /** {@return where what ends with the platform reports to} */
  MetricsSink ownMetrics() {
    return ownMetrics;
  }

  /** {@return what ends waits on the platform's time} */
  Deadlines deadlines() {
    return deadlines;
  }

  /** {@return the platform's time} */
  public Clock clock() {
    return clock;
  }

  /**
   * Ends transfers, closes agents, closes every backend, the last opened first, ends the threads,
   * then closes the plugins' jars. Storages and stores should be closed before. Later calls do
   * nothing.
   *
   * @throws BackendException if a part failed to close; the others were closed all the same
   */
  @Override
  public void close() {
    List<Throwable> failures = new ArrayList<>();
    synchronized (closeLock) {
      if (closed) {
        return;
      }
      closed = true;
      try {
        transfers.close();
      } catch (RuntimeException | LinkageError e) {
        failures.add(e); // Host memory of a backend that could not be freed: go on.
      }
      agents.closeAll(failures);
      deadlines.close();
      open.close(failures);
      ownMetrics.close();
      threads.close();
      plugins.close();
    }
    if (!failures.isEmpty()) {
      BackendException failure =
          new BackendException(
              ErrorCode.OPERATION_FAILED,
              "%d parts of the platform failed to close, the first with: %s"
                  .formatted(failures.size(), OneLine.of(failures.getFirst())),
              failures.getFirst());
      failures.stream().skip(1).forEach(failure::addSuppressed);
      throw failure;
    }
  }

  private <T> T offered(
      String name,
      @Nullable BackendConfig config,
      String what,
      Function<Backend, List<T>> offers,
      Function<T, String> kindOf) {
    requireOpen();
    List<InstalledBackend> candidates = catalog.candidates(name);
    if (candidates.isEmpty()) {
      throw catalog.unknown(name, installed -> installed.probe(configured(installed)));
    }
    List<String> reasons = new ArrayList<>();
    for (InstalledBackend candidate : candidates) {
      BackendConfig settings = config == null ? configured(candidate) : config;
      settings.validate(candidate.name(), candidate.configKeys());
      if (candidate.probe(settings) instanceof Availability.Unavailable(String reason)) {
        reasons.add("backend '" + candidate.name() + "' is unavailable: " + reason);
        continue;
      }
      List<T> offered = offers.apply(open.get(candidate, settings));
      Optional<T> match =
          offered.stream().filter(offer -> kindOf.apply(offer).equals(name)).findFirst();
      if (match.isEmpty() && !isKindOnly(name, candidate)) {
        match = offered.stream().findFirst();
      }
      if (match.isPresent()) {
        return match.get();
      }
      reasons.add("backend '" + candidate.name() + "' has no " + what);
    }
    throw new ConfigurationException(
        ErrorCode.BACKEND_UNAVAILABLE,
        "no %s for '%s': %s".formatted(what, name, String.join("; ", reasons)));
  }

  /** Whether a name asks for one storage kind and not for a backend, whatever it has. */
  private static boolean isKindOnly(String name, InstalledBackend candidate) {
    return !name.equals(candidate.name())
        && !name.equals(candidate.identity())
        && !name.equals(BackendCatalog.AUTO);
  }

  /** {@return the settings a backend has where a call gives none} */
  BackendConfig configured(InstalledBackend installed) {
    BackendConfig ofVersion = configs.get(installed.identity());
    return ofVersion == null
        ? configs.getOrDefault(installed.name(), BackendConfig.empty())
        : ofVersion;
  }

  /** {@return whether managers look for blocks that nobody closed} */
  boolean leakDetection() {
    return leakDetection;
  }

  private BackendContext lend(InstalledBackend installed) {
    return new LentContext(
        clock,
        threads.io(),
        threads.compute(),
        threads.computeParallelism(),
        ownMetrics,
        codecs.plugins(),
        disk,
        memoryBudget,
        System.getLogger("io.kvbm.backend." + installed.name()));
  }

  private void requireOpen() {
    if (closed) {
      throw new ClosedException(ErrorCode.CLOSED, "the platform is closed; load another one");
    }
  }

  /** Says what a platform is made of; everything has a default. For one thread. */
  public static final class Builder {

    private final Map<String, BackendConfig> configs = new LinkedHashMap<>();
    private Clock clock = Clock.SYSTEM;
    private MetricsSink metrics = MetricsSink.NULL;
    private MemoryBudget memoryBudget = MemoryBudget.UNLIMITED;
    private int ioThreads =
        Math.max(4, Math.min(32, 2 * Runtime.getRuntime().availableProcessors()));
    private TransferLimits transferLimits = TransferLimits.DEFAULT;
    private UnaryOperator<Transport> transports = UnaryOperator.identity();
    private boolean leakDetection;
    private ClassLoader classLoader = defaultLoader();
    private @Nullable Path plugins;
    private @Nullable Disk disk;
    private @Nullable List<BackendProvider> providers;

    private Builder() {}

    /**
     * {@return this builder}
     *
     * @param value time, the machine's by default
     */
    public Builder clock(Clock value) {
      clock = Objects.requireNonNull(value, "clock");
      return this;
    }

    /**
     * {@return this builder}
     *
     * @param value where to report, nowhere by default
     */
    public Builder metrics(MetricsSink value) {
      metrics = Objects.requireNonNull(value, "metrics");
      return this;
    }

    /**
     * {@return this builder}
     *
     * @param value what backends use for files, for instance a simulated disk; stays the caller's
     */
    public Builder disk(Disk value) {
      disk = Objects.requireNonNull(value, "disk");
      return this;
    }

    /**
     * {@return this builder}
     *
     * @param value how much host memory backends may take for themselves, unlimited by default
     */
    public Builder memoryBudget(MemoryBudget value) {
      memoryBudget = Objects.requireNonNull(value, "memoryBudget");
      return this;
    }

    /**
     * {@return this builder}
     *
     * @param value the most threads for blocking I/O, 1 to 1024; twice the processors by default,
     *     at least 4, at most 32
     */
    public Builder ioThreads(int value) {
      if (value < 1 || value > CoreSettings.MAX_IO_THREADS) {
        throw new ConfigurationException(
            ErrorCode.INVALID_CONFIG,
            "ioThreads must be 1 to " + CoreSettings.MAX_IO_THREADS + ", got " + value);
      }
      ioThreads = value;
      return this;
    }

    /**
     * {@return this builder}
     *
     * @param value what each route of transfers may hold
     */
    public Builder transferLimits(TransferLimits value) {
      transferLimits = Objects.requireNonNull(value, "transferLimits");
      return this;
    }

    /**
     * Sets what stands between the transfer engine and each transport, for instance to trace, limit
     * or disturb it.
     *
     * @param value given each transport once; what it returns is used in its place
     * @return this builder
     */
    public Builder transports(UnaryOperator<Transport> value) {
      transports = Objects.requireNonNull(value, "transports");
      return this;
    }

    /**
     * Takes these providers and looks for no others.
     *
     * @param value the providers
     * @return this builder
     */
    public Builder providers(List<BackendProvider> value) {
      providers = List.copyOf(value);
      return this;
    }

    /**
     * Adds the plugins of a directory: each folder in it with the jars of one plugin, and each jar
     * that lies there alone. Every plugin gets a class loader and, where kvbm itself is made of
     * modules, a module layer of its own, so that two may carry different versions of a library.
     * What cannot be loaded is in {@link Platform#refusals()}.
     *
     * @param value the plugins directory; none by default
     * @return this builder
     */
    public Builder plugins(Path value) {
      plugins = Objects.requireNonNull(value, "plugins");
      return this;
    }

    /**
     * {@return this builder}
     *
     * @param value where plugins are looked for: its modules, its class path and those of its
     *     parents; the thread's context loader by default
     */
    public Builder classLoader(ClassLoader value) {
      classLoader = Objects.requireNonNull(value, "classLoader");
      return this;
    }

    /**
     * Sets what a backend is opened with where a call gives no settings.
     *
     * @param backend the backend's name
     * @param config its settings
     * @return this builder
     */
    public Builder config(String backend, BackendConfig config) {
      configs.put(
          Objects.requireNonNull(backend, "backend"), Objects.requireNonNull(config, "config"));
      return this;
    }

    /**
     * Logs blocks that were dropped without being closed, and where they were acquired. It takes a
     * stack trace for every handle.
     *
     * @param value off by default
     * @return this builder
     */
    public Builder leakDetection(boolean value) {
      leakDetection = value;
      return this;
    }

    /**
     * Takes everything a configuration says of the platform and its backends; what it does not set
     * stays as it was. The plugin folder is no part of it: a configuration is checked against the
     * backends found there, so whoever builds it says where that is.
     *
     * @param config checked against {@link #schema()}
     * @return this builder
     */
    public Builder config(KvbmConfig config) {
      PlatformSettings.apply(config, this);
      return this;
    }

    /** {@return what can be configured: the core's settings, and those of the backends found} */
    public ConfigSchema schema() {
      try (PluginFolders found = openPlugins()) {
        return PlatformSettings.schema(discover(found));
      }
    }

    private PluginFolders openPlugins() {
      return plugins == null ? PluginFolders.none() : PluginFolders.open(plugins);
    }

    private BackendCatalog discover(PluginFolders found) {
      return providers == null
          ? BackendDiscovery.find(classLoader, found)
          : BackendDiscovery.of(providers);
    }

    /** {@return the platform; no thread was started and no backend opened} */
    public Platform build() {
      PluginFolders found = openPlugins();
      try {
        return new Platform(this, found);
      } catch (RuntimeException | Error e) {
        found.close();
        throw e;
      }
    }

    private static ClassLoader defaultLoader() {
      ClassLoader context = Thread.currentThread().getContextClassLoader();
      return context == null ? ClassLoader.getSystemClassLoader() : context;
    }
  }
}
