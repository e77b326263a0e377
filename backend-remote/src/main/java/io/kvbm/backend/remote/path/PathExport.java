package io.kvbm.backend.remote.path;

/** Memory of this process that peers can reach. */
public interface PathExport extends AutoCloseable {

  /** {@return what a peer opens the memory with; not copied: nobody changes it any more} */
  byte[] key();

  /** {@return the address of the first byte, as peers name it} */
  long address();

  /**
   * Takes the memory back. The caller has made sure that no peer uses it any more; a peer that does
   * gets an error from then on.
   */
  @Override
  void close();
}
