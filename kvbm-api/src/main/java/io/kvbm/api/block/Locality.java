package io.kvbm.api.block;

import io.kvbm.api.Stability;

/** Whether a block has its bytes here. */
@Stability(Stability.Level.STABLE)
public enum Locality {
  /** The block's bytes are in this process or its devices. */
  LOCAL,
  /** The block stands for shards on other workers; it has no bytes and no views. */
  LOGICAL
}
