package io.kvbm.backend.cxl;

import io.kvbm.api.spi.BackendProvider;
import java.nio.file.Files;
import java.nio.file.Path;

/** Broken: not final, keeps state, and looks at the disk when made. */
public abstract class CxlBackendProvider implements BackendProvider {
  static boolean present;

  /** Looks for the device. */
  public CxlBackendProvider() {
    present = Files.exists(Path.of("/dev/cxl"));
  }
}
