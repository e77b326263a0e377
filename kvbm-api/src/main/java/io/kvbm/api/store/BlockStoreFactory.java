package io.kvbm.api.store;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;

/** Opens block stores of one backend. */
@Stability(Stability.Level.STABLE)
public interface BlockStoreFactory {

  /**
   * {@return the storage kind a block store of this factory stands for, for instance {@code disk}}
   */
  String storageKind();

  /** {@return whether blocks survive a restart} */
  boolean isPersistent();

  /**
   * Opens a store, with the blocks it had where it is persistent.
   *
   * @param spec size and identity
   * @return an open store; the caller closes it
   */
  BlockStore open(Spec spec);

  /**
   * What to open.
   *
   * @param slots how many blocks, at least 1
   * @param slotByteSize bytes of one block, above 0
   * @param fingerprint hash scheme, model and layout; blocks of another one are not recovered
   */
  record Spec(int slots, long slotByteSize, long fingerprint) {
    /** Checks the values. */
    public Spec {
      if (slots < 1 || slotByteSize < 1) {
        throw new ConfigurationException(
            ErrorCode.INVALID_CONFIG,
            "a block store needs at least one slot of one byte, got %d of %d"
                .formatted(slots, slotByteSize));
      }
    }
  }
}
