package io.kvbm.api.block;

/** Whether a block has its bytes here. */
public enum Locality {
  /** The block's bytes are in this process or its devices. */
  LOCAL,
  /** The block stands for shards on other workers; it has no bytes and no views. */
  LOGICAL
}
