package io.kvbm.backend.remote.path;

import java.lang.foreign.MemorySegment;

/**
 * A way to reach the memory of peers directly, beside the control connection that every pair of
 * agents has. What a path needs of the other side (its address, keys of memory) is handed over on
 * that connection, which is authenticated; a path itself authenticates nobody.
 *
 * <p>One for each agent. Threading: safe from any thread.
 */
public interface DataPath extends AutoCloseable {

  /** {@return the name, as settings and statistics have it, for instance {@code ucx}} */
  String name();

  /** {@return what a peer's path connects to; not copied: nobody changes it any more} */
  byte[] address();

  /**
   * Makes memory reachable for whoever has its key.
   *
   * @param bytes native memory, which stays where it is until the export is closed
   * @return the caller closes it
   */
  PathExport export(MemorySegment bytes);

  /**
   * Connects to a peer's path; returns without waiting for it.
   *
   * @param address the peer's {@link #address}
   * @return the caller closes it
   */
  PathPeer connect(byte[] address);

  /** {@return whether it has neither failed as a whole nor been closed, as far as is known} */
  boolean isUsable();

  /** Fails what is in flight, waits until the memory of nobody is touched any more, and ends. */
  @Override
  void close();
}
