package io.kvbm.backend.disk;

import io.kvbm.api.Stability;
import java.util.List;

/**
 * What reading every object of a store found.
 *
 * @param checked how many objects were read
 * @param damages those that are damaged
 */
@Stability(Stability.Level.PREVIEW)
public record VerifyReport(long checked, List<Damage> damages) {

  /** Copies the list. */
  public VerifyReport {
    damages = List.copyOf(damages);
  }

  /** {@return whether every object is intact} */
  public boolean isIntact() {
    return damages.isEmpty();
  }

  /**
   * An object that cannot be read.
   *
   * @param key its key
   * @param problem where it is and what is wrong with it
   */
  @Stability(Stability.Level.PREVIEW)
  public record Damage(String key, String problem) {}
}
