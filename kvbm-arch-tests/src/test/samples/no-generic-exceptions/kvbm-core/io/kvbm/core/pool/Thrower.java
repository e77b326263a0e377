package io.kvbm.core.pool;

/** Broken: nobody can react to it. */
final class Thrower {
  void fail() {
    throw new RuntimeException("no slot");
  }
}
