package io.kvbm.api;

/** Broken: outside the tree. */
@Stability(Stability.Level.STABLE)
public class StrayException extends IllegalStateException {
  private static final long serialVersionUID = 1L;
}
