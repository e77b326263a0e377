package io.kvbm.api;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** How far callers may rely on a public type staying as it is. */
@Stability(Stability.Level.STABLE)
@Documented
@Retention(RetentionPolicy.CLASS)
@Target(ElementType.TYPE)
public @interface Stability {

  /** {@return the level promised} */
  Level value();

  /** Levels from most to least stable. */
  enum Level {
    /** Changes only with a new SPI major. */
    STABLE,
    /** May change with a new SPI minor; changes are listed in the changelog. */
    PREVIEW,
    /** For the platform itself; may change at any time. */
    INTERNAL
  }
}
