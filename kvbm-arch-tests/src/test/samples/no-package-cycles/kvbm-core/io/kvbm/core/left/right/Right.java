package io.kvbm.core.left.right;

/** Broken, with Left. */
public interface Right {
  io.kvbm.core.left.Left left();
}
