package io.kvbm.core.cache;

import io.kvbm.api.storage.Storage;

/**
 * An object's bytes in host memory. Closing gives the memory back.
 *
 * @param buffer starts with the bytes
 * @param byteSize how many there are
 * @param home where the buffer came from
 */
record StagedObject(Storage buffer, long byteSize, StagingArea home) implements AutoCloseable {

  @Override
  public void close() {
    home.giveBack(buffer);
  }
}
