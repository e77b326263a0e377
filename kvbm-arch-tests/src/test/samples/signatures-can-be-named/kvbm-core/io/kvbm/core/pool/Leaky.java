package io.kvbm.core.pool;

/** Broken: whoever calls it cannot name what it gets. */
public final class Leaky {
  private Leaky() {}

  /** {@return a type that only this package sees} */
  public static Inner inner() {
    return new Inner();
  }

  static final class Inner {}
}
