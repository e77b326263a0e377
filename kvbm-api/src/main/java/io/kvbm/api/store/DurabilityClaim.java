package io.kvbm.api.store;

import io.kvbm.api.Stability;
import java.util.Objects;

/**
 * What {@link Durability#SYNCED} means in one place: a store can promise no more than the file
 * system and the device under it.
 *
 * @param survives what a synced write survives at most
 * @param reason one line: why that, and no more
 */
@Stability(Stability.Level.PREVIEW)
public record DurabilityClaim(Survives survives, String reason) {

  /** What a write outlives, from least to most. */
  public enum Survives {
    /** Nothing: it is gone with the process. */
    NOTHING("nothing"),
    /** The end of the process, however it ends, but not that of the machine: memory. */
    PROCESS_END("the end of the process only"),
    /** A crash of the system, but no power cut: the device's cache is not flushed. */
    SYSTEM_CRASH("a crash of the system, no power cut"),
    /** A power cut, as far as the device keeps its word. */
    POWER_CUT("a power cut");

    private final String text;

    Survives(String text) {
      this.text = text;
    }

    /** {@return a few words, for people} */
    public String text() {
      return text;
    }
  }

  /** Checks that there are both. */
  public DurabilityClaim {
    Objects.requireNonNull(survives, "survives");
    Objects.requireNonNull(reason, "reason");
  }

  /** {@return one line for people} */
  public String text() {
    return "SYNCED survives " + survives.text() + ": " + reason;
  }
}
