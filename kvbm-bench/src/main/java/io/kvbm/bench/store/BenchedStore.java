package io.kvbm.bench.store;

import java.nio.ByteBuffer;

/** A store as the benchmark sees it. Safe from any thread. */
interface BenchedStore extends AutoCloseable {

  /**
   * Puts a value with the durability that the store was opened for.
   *
   * @param index names it
   * @param value direct; its content does not change
   */
  void put(long index, ByteBuffer value);

  /**
   * Copies a value out.
   *
   * @param index names it
   * @param target direct, with room for it; its position stays
   * @return its length, -1 if it is not there
   */
  int get(long index, ByteBuffer target);

  /** Ends a load: what is to be written or put in order in the background is done on return. */
  void settle();

  @Override
  void close();
}
