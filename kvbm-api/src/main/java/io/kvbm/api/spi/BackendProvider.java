package io.kvbm.api.spi;

import io.kvbm.api.Stability;
import java.util.List;
import java.util.Set;

/**
 * What {@link java.util.ServiceLoader} finds: the entry to one backend.
 *
 * <ol>
 *   <li>The constructor is public, takes nothing, does no I/O and loads no native library.
 *   <li>The provider is stateless; its methods are safe from any thread.
 *   <li>{@link #probe} may look at the machine; it never throws and leaves nothing behind.
 *   <li>{@link #open} is called at most once per configuration in use; the platform closes what it
 *       returns.
 * </ol>
 */
@Stability(Stability.Level.STABLE)
public interface BackendProvider {

  /**
   * {@return the name, {@code [a-z][a-z0-9-]{0,62}}; stored in configurations and on disk, so it
   * never changes}
   */
  String name();

  /** {@return higher is preferred, only where the user asked for {@code auto}} */
  default int priority() {
    return 100;
  }

  /** {@return the SPI the plugin was compiled for: {@code new SpiVersion(Spi.MAJOR, Spi.MINOR)}} */
  SpiVersion builtFor();

  /** {@return the storage kinds it allocates or keeps blocks in} */
  Set<String> storageKinds();

  /** {@return the settings it knows} */
  List<ConfigKey> configKeys();

  /**
   * {@return whether the backend can run here with these settings; never throws}
   *
   * @param config settings that passed {@link BackendConfig#validate}
   */
  Availability probe(BackendConfig config);

  /**
   * Checks what this backend uses of the machine, for {@code kvbm doctor}. Where the settings name
   * a directory under the key {@code dir}, it says of that directory, too, what its file system and
   * device are and how they should be set up.
   *
   * <p>Ownership: nothing is opened and nothing is left behind. Threading: safe from any thread.
   * Cost: small files of the system are read; a scratch file may be made and removed.
   *
   * @implSpec never throws: what cannot be told is a finding that says so. No advice is carried
   *     out. Names stay the same between calls; none comes twice in one scope. The default has
   *     nothing to say.
   * @param config settings that passed {@link BackendConfig#validate}
   * @return one finding for each check
   */
  default List<Finding> diagnose(BackendConfig config) {
    return List.of();
  }

  /**
   * Opens the backend.
   *
   * @param context what the platform lends it, valid until the backend is closed
   * @param config settings that passed {@link BackendConfig#validate}
   * @return the open backend; the caller closes it
   */
  Backend open(BackendContext context, BackendConfig config);
}
