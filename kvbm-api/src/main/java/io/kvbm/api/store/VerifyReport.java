package io.kvbm.api.store;

import io.kvbm.api.Stability;
import java.util.List;
import java.util.Objects;

/**
 * What a check of a whole store found.
 *
 * @param checked how many objects were read in full
 * @param byteSize how many bytes were read for it
 * @param damaged what is wrong; empty if nothing is
 * @param elapsedNanos how long it took
 */
@Stability(Stability.Level.PREVIEW)
public record VerifyReport(long checked, long byteSize, List<Damage> damaged, long elapsedNanos) {

  /** Copies the list. */
  public VerifyReport {
    damaged = List.copyOf(damaged);
  }

  /**
   * One damage.
   *
   * @param name the object's key; where it cannot be told, file and position
   * @param reason one line: what was expected, what was found
   */
  public record Damage(String name, String reason) {
    /** Checks that there are both. */
    public Damage {
      Objects.requireNonNull(name, "name");
      Objects.requireNonNull(reason, "reason");
    }
  }
}
