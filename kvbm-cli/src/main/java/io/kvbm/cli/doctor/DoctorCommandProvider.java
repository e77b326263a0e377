package io.kvbm.cli.doctor;

import io.kvbm.cli.spi.CommandProvider;

/** Contributes {@code kvbm doctor}. */
public final class DoctorCommandProvider implements CommandProvider {

  /** For {@link java.util.ServiceLoader}. */
  public DoctorCommandProvider() {}

  @Override
  public Object command() {
    return new DoctorCommand(MachineFiles.ofProcess());
  }
}
