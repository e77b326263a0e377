package io.kvbm.backend.disk;

import io.kvbm.api.KvbmException;
import io.kvbm.api.disk.Disk;
import io.kvbm.api.spi.Availability;
import io.kvbm.api.spi.Backend;
import io.kvbm.api.spi.BackendConfig;
import io.kvbm.api.spi.BackendContext;
import io.kvbm.api.spi.BackendProvider;
import io.kvbm.api.spi.ConfigKey;
import io.kvbm.api.spi.Finding;
import io.kvbm.api.spi.Spi;
import io.kvbm.api.spi.SpiVersion;
import io.kvbm.backend.disk.file.Pages;
import io.kvbm.backend.disk.io.IoEngines;
import io.kvbm.backend.disk.log.LogSettings;
import io.kvbm.backend.disk.slab.SlabSettings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/** The entry to files as storage, named {@code disk}. */
public final class DiskBackendProvider implements BackendProvider {

  /** Creates the provider; it holds nothing. */
  public DiskBackendProvider() {}

  @Override
  public String name() {
    return "disk";
  }

  @Override
  public SpiVersion builtFor() {
    return new SpiVersion(Spi.MAJOR, Spi.MINOR);
  }

  @Override
  public Set<String> storageKinds() {
    return Set.of("disk");
  }

  @Override
  public List<ConfigKey> configKeys() {
    return DiskSettings.KEYS;
  }

  /** Makes and removes a scratch file of one page, in the directory if it is there. */
  @Override
  public Availability probe(BackendConfig config) {
    try {
      DiskSettings settings = DiskSettings.of(config);
      Path directory = settings.directory().toAbsolutePath();
      if (!Files.exists(directory)) {
        return probeParent(directory);
      }
      Disk disk = DiskStorage.fileDisk(settings);
      try (DiskStorage storage =
          DiskStorage.create(
              disk, DiskStorage.temporary(directory), Pages.ALIGNMENT, settings.direct())) {
        String engine = IoEngines.choose(disk, directory, settings.engine().type()).text();
        return new Availability.Available(
            "%s, %s, %s".formatted(directory, storage.accessDetails(), engine));
      }
    } catch (KvbmException e) {
      return new Availability.Unavailable(e.getMessage());
    } catch (RuntimeException e) {
      return new Availability.Unavailable("cannot look at the disk: " + e);
    }
  }

  /** A probe leaves nothing behind, so the directory is not made: it is enough that it could be. */
  private static Availability probeParent(Path directory) {
    Path ancestor = directory.getParent();
    while (ancestor != null && !Files.exists(ancestor)) {
      ancestor = ancestor.getParent();
    }
    if (ancestor != null && Files.isDirectory(ancestor) && Files.isWritable(ancestor)) {
      return new Availability.Available(directory + ", made at the first allocation");
    }
    return new Availability.Unavailable(
        "cannot make directory %s in %s; make it writable or set 'dir'"
            .formatted(directory, ancestor));
  }

  /** Makes and removes a scratch file of one page, in the directory if it is there. */
  @Override
  public List<Finding> diagnose(BackendConfig config) {
    return DiskDiagnosis.of(config);
  }

  @Override
  public Backend open(BackendContext context, BackendConfig config) {
    config.validate(name(), DiskSettings.KEYS);
    DiskSettings settings = DiskSettings.of(config);
    return new DiskBackend(
        context,
        settings,
        SlabSettings.of(config, settings.directory(), settings.direct().text()),
        LogSettings.of(config, settings.direct() != DirectAccess.OFF),
        NvmeSettings.of(config, settings));
  }
}
