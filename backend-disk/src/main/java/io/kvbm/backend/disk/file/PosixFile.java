package io.kvbm.backend.disk.file;

import io.kvbm.api.disk.DiskFile;

/** A file that may have a descriptor of the operating system. */
public interface PosixFile extends DiskFile {

  /** What {@link #posixDescriptor} says where there is none. */
  int NO_DESCRIPTOR = -1;

  /**
   * {@return the descriptor, which is this file's until it is closed; {@link #NO_DESCRIPTOR} where
   * {@link #descriptor()} is a number of our own or the file is closed}
   */
  int posixDescriptor();

  /**
   * Has something done when the file is closed, just before its descriptor goes; nothing where it
   * is closed already.
   *
   * @param listener short; never blocks, never throws
   */
  void addCloseListener(Runnable listener);

  /** Takes a listener back. */
  void removeCloseListener(Runnable listener);
}
