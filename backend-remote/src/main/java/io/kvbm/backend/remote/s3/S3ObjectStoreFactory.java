package io.kvbm.backend.remote.s3;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.store.ObjectStore;
import io.kvbm.api.store.ObjectStoreFactory;
import io.kvbm.api.store.OpenMode;

/** Opens stores of buckets; see {@link S3Location#of} for what a location is. */
final class S3ObjectStoreFactory implements ObjectStoreFactory {

  private final S3Backend backend;

  S3ObjectStoreFactory(S3Backend backend) {
    this.backend = backend;
  }

  @Override
  public String storageKind() {
    return S3BackendProvider.NAME;
  }

  @Override
  public ObjectStore open(String location, OpenMode mode) {
    if (mode != OpenMode.WRITE) {
      throw new CallerException(
          ErrorCode.UNSUPPORTED,
          "S3 keeps no former state for a snapshot of '%s'; open it for writing"
              .formatted(location));
    }
    return backend.open(location);
  }
}
