package io.kvbm.api.transfer;

import io.kvbm.api.Stability;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.storage.StorageType;
import java.util.Objects;

/**
 * From one kind of memory to another.
 *
 * @param source where the bytes are
 * @param target where they go
 */
@Stability(Stability.Level.STABLE)
public record Route(StorageType source, StorageType target) {

  /** Checks that both ends are there. */
  public Route {
    Objects.requireNonNull(source, "source");
    Objects.requireNonNull(target, "target");
  }

  /**
   * {@return the route between two storages}
   *
   * @param source where the bytes are
   * @param target where they go
   */
  public static Route between(Storage source, Storage target) {
    return new Route(source.type(), target.type());
  }

  @Override
  public String toString() {
    return source.kind() + "->" + target.kind();
  }
}
