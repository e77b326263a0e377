package io.kvbm.core.pool;

/** Broken: prints. */
final class Chatter {
  void say() {
    System.out.println("slot");
  }
}
