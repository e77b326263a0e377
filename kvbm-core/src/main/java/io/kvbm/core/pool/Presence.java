package io.kvbm.core.pool;

/** Told which blocks a tier holds; called under the pool's lock. */
interface Presence {

  /** Nobody wants to know. */
  Presence NONE =
      new Presence() {
        @Override
        public void entered(Slot slot) {}

        @Override
        public void left(Slot slot) {}
      };

  /** A block is about to be found, or is a second one of its key. */
  void entered(Slot slot);

  /** A block is no longer found; called once or twice. */
  void left(Slot slot);
}
