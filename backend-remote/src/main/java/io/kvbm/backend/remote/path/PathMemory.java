package io.kvbm.backend.remote.path;

/** Memory of a peer that can be read and written. */
public interface PathMemory extends AutoCloseable {

  /** {@return the length in bytes} */
  long byteSize();

  @Override
  void close();
}
