package io.kvbm.api.storage;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;

/** Checks that a storage is fit to be used. */
@Stability(Stability.Level.STABLE)
public final class StorageValidation {

  private StorageValidation() {}

  /**
   * Checks size, and address and pointer where the kind has them: only host and device memory do.
   *
   * @param storage what to check
   * @throws ConfigurationException with {@link ErrorCode#INVALID_CONFIG} naming what is wrong
   */
  public static void validate(Storage storage) {
    if (storage.byteSize() <= 0) {
      throw invalid(storage, "Storage size cannot be zero");
    }
    Region region = storage.region();
    boolean addressed =
        region instanceof Region.HostRegion || region instanceof Region.DeviceRegion;
    if (addressed && storage.address() == 0) {
      throw invalid(storage, "Storage address cannot be null");
    }
    if (region instanceof Region.HostRegion host && host.segment().address() == 0) {
      throw invalid(storage, "Storage pointer is null");
    }
    if (region instanceof Region.DeviceRegion device && device.address() == 0) {
      throw invalid(storage, "Storage pointer is null");
    }
    if (region.byteSize() != storage.byteSize()) {
      throw invalid(
          storage,
          "Storage says " + storage.byteSize() + " bytes but its region has " + region.byteSize());
    }
  }

  private static ConfigurationException invalid(Storage storage, String what) {
    return new ConfigurationException(
        ErrorCode.INVALID_CONFIG, what + " (" + storage.type() + " storage)");
  }
}
