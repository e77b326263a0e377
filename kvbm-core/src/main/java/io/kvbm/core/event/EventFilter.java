package io.kvbm.core.event;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.spi.Nearest;
import java.util.List;
import java.util.Locale;

/** Which blocks are announced, by their position in their sequence. */
public enum EventFilter {
  /** Every block; the default. */
  ALL,

  /**
   * Blocks at positions 16, 32, 64 … 65536: a few events per sequence, enough to tell who holds how
   * much of it.
   */
  POWER_OF_TWO;

  private static final long FIRST_POSITION = 16;
  private static final long LAST_POSITION = 65_536;

  /**
   * {@return the filter of that name}
   *
   * @param name {@code all} or {@code power-of-two}
   * @throws ConfigurationException if there is none of that name
   */
  public static EventFilter of(String name) {
    for (EventFilter filter : values()) {
      if (filter.text().equals(name)) {
        return filter;
      }
    }
    List<String> known = List.of(ALL.text(), POWER_OF_TWO.text());
    throw new ConfigurationException(
        ErrorCode.INVALID_CONFIG,
        "unknown event filter '%s', did you mean '%s'? known: %s"
            .formatted(name, Nearest.to(name, known), String.join(", ", known)));
  }

  /** {@return the name users give} */
  public String text() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /**
   * {@return whether a block at this position is announced}
   *
   * @param position the block's position in its sequence, from 0
   */
  public boolean accepts(long position) {
    return switch (this) {
      case ALL -> true;
      case POWER_OF_TWO ->
          position >= FIRST_POSITION && position <= LAST_POSITION && Long.bitCount(position) == 1;
    };
  }
}
