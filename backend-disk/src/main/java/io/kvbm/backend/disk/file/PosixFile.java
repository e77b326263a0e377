package io.kvbm.backend.disk.file;

import io.kvbm.api.CapacityException;
import io.kvbm.api.disk.DiskFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

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

  /**
   * Maps bytes, read only. They can be reached until the arena is closed, whatever becomes of this
   * file and of its name; who cuts the file below a mapping ends the process that reads there.
   *
   * @param position the first byte
   * @param byteSize how many, above 0; all are in the file
   * @param arena owns the mapping
   * @return the bytes; null where there is no descriptor
   * @throws CapacityException if there is no address space
   */
  @Nullable MemorySegment tryMap(long position, long byteSize, Arena arena);

  /** Takes a listener back. */
  void removeCloseListener(Runnable listener);
}
