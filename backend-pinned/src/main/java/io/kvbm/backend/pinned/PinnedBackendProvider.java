package io.kvbm.backend.pinned;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.KvbmException;
import io.kvbm.api.spi.Availability;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.spi.BackendContext;
import io.kvbm.api.spi.BackendProvider;
import io.kvbm.api.spi.ByteSizes;
import io.kvbm.api.spi.ConfigKey;
import io.kvbm.api.spi.Spi;
import io.kvbm.api.spi.SpiVersion;
import io.kvbm.cuda.CudaDriver;
import java.util.List;
import java.util.Set;

/** The {@code pinned} backend: page-locked host memory. */
public final class PinnedBackendProvider implements BackendProvider {

  private static final String NAME = "pinned";
  private static final ConfigKey BUDGET =
      new ConfigKey(
              "budget",
              ConfigKey.Type.BYTE_SIZE,
              "",
              "The most memory the backend takes, for instance 16GiB; without it what the machine"
                  + " lets be locked")
          .withRange(0, Long.MAX_VALUE);
  private static final ConfigKey HUGE_PAGES =
      new ConfigKey(
          "hugePages",
          ConfigKey.Type.BOOLEAN,
          "true",
          "Ask for huge pages, where the kernel has them");
  private static final ConfigKey NUMA_NODE =
      new ConfigKey(
              "numaNode",
              ConfigKey.Type.INTEGER,
              "",
              "Take memory of this NUMA node, best that of the GPU; without it that of the thread"
                  + " which allocates")
          .withRange(0, 63);
  private static final ConfigKey WRITE_COMBINED =
      new ConfigKey(
          "writeCombined",
          ConfigKey.Type.BOOLEAN,
          "false",
          "With a GPU: the CPU writes past its caches; reading what a GPU wrote becomes very slow");
  private static final ConfigKey FALLBACK =
      new ConfigKey(
          "fallback",
          ConfigKey.Type.BOOLEAN,
          "true",
          "Take memory that cannot be page-locked all the same, with a warning");

  /** Creates the provider; called by {@link java.util.ServiceLoader}. */
  public PinnedBackendProvider() {}

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public SpiVersion builtFor() {
    return new SpiVersion(Spi.MAJOR, Spi.MINOR);
  }

  @Override
  public Set<String> storageKinds() {
    return Set.of("pinned");
  }

  @Override
  public List<ConfigKey> configKeys() {
    return List.of(BUDGET, HUGE_PAGES, NUMA_NODE, WRITE_COMBINED, FALLBACK);
  }

  @Override
  public Availability probe(BackendConfig config) {
    try {
      config.validate(NAME, configKeys());
      if (!System.getProperty("os.name").equals("Linux")
          || !System.getProperty("os.arch").equals("amd64")) {
        return new Availability.Unavailable("memory is page-locked on 64-bit x86 Linux only");
      }
      return new Availability.Available(how());
    } catch (KvbmException e) {
      return new Availability.Unavailable(e.getMessage());
    } catch (IllegalCallerException _) {
      return new Availability.Unavailable(
          "native access is denied: start Java with --enable-native-access");
    }
  }

  private static String how() {
    try {
      return "registered with CUDA " + CudaDriver.load().versionText();
    } catch (ConfigurationException _) {
      long limit = PosixPages.lockLimit();
      return "locked by the kernel, %s; no CUDA driver"
          .formatted(limit == -1 ? "without a limit" : "at most " + ByteSizes.format(limit));
    }
  }

  @Override
  public Backend open(BackendContext context, BackendConfig config) {
    config.validate(NAME, configKeys());
    return new PinnedBackend(
        new PinnedOptions(
            PinnedOptions.DEFAULT_SLAB_BYTE_SIZE,
            config.byteSize(BUDGET.name()).orElse(Long.MAX_VALUE),
            config.bool(HUGE_PAGES.name()).orElse(true),
            config.integer(NUMA_NODE.name()).map(Math::toIntExact).orElse(-1),
            config.bool(WRITE_COMBINED.name()).orElse(false),
            config.bool(FALLBACK.name()).orElse(true)));
  }
}
