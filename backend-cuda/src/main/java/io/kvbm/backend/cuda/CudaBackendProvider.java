package io.kvbm.backend.cuda;

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

/** The {@code cuda} backend: memory of NVIDIA GPUs. */
public final class CudaBackendProvider implements BackendProvider {

  private static final String NAME = "cuda";
  private static final ConfigKey DEVICE =
      new ConfigKey("device", ConfigKey.Type.INTEGER, "0", "Which GPU, from 0")
          .withRange(0, Integer.MAX_VALUE);
  private static final ConfigKey BUDGET =
      new ConfigKey(
              "budget",
              ConfigKey.Type.BYTE_SIZE,
              "",
              "The most memory the backend takes, for instance 16GiB; without it what the GPU has")
          .withRange(0, Long.MAX_VALUE);
  private static final ConfigKey SMALL_COPIES =
      new ConfigKey(
              "smallCopies",
              ConfigKey.Type.STRING,
              "auto",
              "How blocks of many small regions are copied: by calls of the driver, by a kernel, or"
                  + " auto")
          .withChoices("auto", "calls", "kernel");

  /** Creates the provider; called by {@link java.util.ServiceLoader}. */
  public CudaBackendProvider() {}

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
    return Set.of("device");
  }

  @Override
  public List<ConfigKey> configKeys() {
    return List.of(DEVICE, BUDGET, SMALL_COPIES);
  }

  @Override
  public Availability probe(BackendConfig config) {
    try {
      config.validate(NAME, configKeys());
      CudaDriver driver = CudaDriver.load();
      SharedDevice device = SharedDevice.join(device(config));
      try {
        device.device().requireWorking();
        return new Availability.Available(
            "%s with %s, device %d of %d, CUDA %s"
                .formatted(
                    device.device().name(),
                    ByteSizes.format(device.device().totalByteSize()),
                    device.device().ordinal(),
                    driver.deviceCount(),
                    driver.versionText()));
      } finally {
        device.leave();
      }
    } catch (KvbmException e) {
      return new Availability.Unavailable(e.getMessage());
    }
  }

  @Override
  public Backend open(BackendContext context, BackendConfig config) {
    config.validate(NAME, configKeys());
    return new CudaBackend(
        context,
        device(config),
        config.byteSize(BUDGET.name()).orElse(Long.MAX_VALUE),
        SmallCopies.of(config.string(SMALL_COPIES.name()).orElse(SMALL_COPIES.defaultValue())));
  }

  private static int device(BackendConfig config) {
    return Math.toIntExact(config.integer(DEVICE.name()).orElse(0L));
  }
}
