package io.kvbm.backend.system;

import io.kvbm.api.KvbmException;
import io.kvbm.api.spi.Availability;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.spi.BackendContext;
import io.kvbm.api.spi.BackendProvider;
import io.kvbm.api.spi.ByteSizes;
import io.kvbm.api.spi.ConfigKey;
import io.kvbm.api.spi.Finding;
import io.kvbm.api.spi.Spi;
import io.kvbm.api.spi.SpiVersion;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/** The {@code system} backend: host memory, null storage, and stores in memory. */
public final class SystemBackendProvider implements BackendProvider {

  private static final String NAME = "system";
  private static final ConfigKey HUGE_PAGES =
      new ConfigKey(
              "hugePages",
              ConfigKey.Type.STRING,
              "auto",
              "Ask for huge pages from 2 MiB on: auto, true or false")
          .withChoices("auto", "true", "false");
  private static final ConfigKey BUDGET =
      new ConfigKey(
              "budget",
              ConfigKey.Type.BYTE_SIZE,
              "",
              "The most memory the backend takes, for instance 16GiB; without it what the machine"
                  + " has")
          .withRange(0, Long.MAX_VALUE);

  /** Creates the provider; called by {@link java.util.ServiceLoader}. */
  public SystemBackendProvider() {}

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
    return Set.of("system", "null");
  }

  @Override
  public List<ConfigKey> configKeys() {
    return List.of(HUGE_PAGES, BUDGET);
  }

  @Override
  public Availability probe(BackendConfig config) {
    try {
      config.validate(NAME, configKeys());
      long total = MachineMemory.LOCAL.totalByteSize();
      return new Availability.Available(
          "host memory %s, %s, %s"
              .formatted(
                  total == MachineMemory.UNKNOWN ? "of unknown size" : ByteSizes.format(total),
                  PosixMemory.linux().isPresent() ? "mapped" : "from the JVM",
                  hugePages(config).describe()));
    } catch (KvbmException e) {
      return new Availability.Unavailable(e.getMessage());
    }
  }

  @Override
  public List<Finding> diagnose(BackendConfig config) {
    return new MachineDiagnosis(Path.of("/")).findings();
  }

  @Override
  public Backend open(BackendContext context, BackendConfig config) {
    config.validate(NAME, configKeys());
    long budget = config.byteSize(BUDGET.name()).orElse(Long.MAX_VALUE);
    return new SystemBackend(
        context, new HostMemory(hugePages(config), budget, MachineMemory.LOCAL));
  }

  private static HugePages hugePages(BackendConfig config) {
    return HugePages.of(config.string(HUGE_PAGES.name()).orElse(HUGE_PAGES.defaultValue()));
  }
}
