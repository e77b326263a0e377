package io.kvbm.core.left;

import io.kvbm.core.left.right.Right;

/** Broken, with Right. */
public abstract class Left {
  abstract Class<? extends Right> right();

  /** What Right needs. */
  public static class Part {}
}
