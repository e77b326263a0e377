package io.kvbm.api.store;

import io.kvbm.api.Stability;

/** Opens object stores of one backend. */
@Stability(Stability.Level.STABLE)
public interface ObjectStoreFactory {

  /** {@return the storage kind of the values, for instance {@code disk}} */
  String storageKind();

  /**
   * Opens a store.
   *
   * @param location what the backend understands: a directory, a bucket, a name; stores with one
   *     location are the same
   * @param mode writer or snapshot reader
   * @return an open store; the caller closes it
   */
  ObjectStore open(String location, OpenMode mode);
}
