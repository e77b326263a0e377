package io.kvbm.api.disk;

import io.kvbm.api.Stability;
import io.kvbm.api.spi.Availability;
import io.kvbm.api.spi.BackendConfig;

/** Opens disks of one kind. Discovered; stateless; no I/O in the constructor. */
@Stability(Stability.Level.STABLE)
public interface DiskProvider {

  /** {@return the name, {@code [a-z][a-z0-9-]{0,62}}} */
  String name();

  /** {@return higher is preferred where the user asked for none} */
  default int priority() {
    return 100;
  }

  /**
   * {@return whether this kind of disk works here}
   *
   * @param config settings
   */
  Availability probe(BackendConfig config);

  /**
   * Opens a disk.
   *
   * @param config settings
   * @return the disk; the caller closes it
   */
  Disk open(BackendConfig config);
}
