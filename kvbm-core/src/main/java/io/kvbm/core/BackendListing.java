package io.kvbm.core;

import io.kvbm.api.spi.Availability;
import java.util.List;
import java.util.Objects;

/**
 * What is known of an installed backend without opening it.
 *
 * @param name the name users give
 * @param version from the module descriptor, else from the jar's manifest, else {@code unknown}
 * @param module the module's name, or {@code class path}
 * @param storageKinds what it allocates or keeps blocks in, in order of their names
 * @param priority higher is preferred where no name was given
 * @param availability whether it can run here, or why not
 * @param location the jar or folder it was loaded from
 */
public record BackendListing(
    String name,
    String version,
    String module,
    List<String> storageKinds,
    int priority,
    Availability availability,
    String location) {

  /** Checks that nothing is missing. */
  public BackendListing {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(version, "version");
    Objects.requireNonNull(module, "module");
    storageKinds = List.copyOf(storageKinds);
    Objects.requireNonNull(availability, "availability");
    Objects.requireNonNull(location, "location");
  }
}
