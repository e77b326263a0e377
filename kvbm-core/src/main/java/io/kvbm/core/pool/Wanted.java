package io.kvbm.core.pool;

import io.kvbm.api.block.BlockKey;
import io.kvbm.api.block.SequenceHash;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The blocks a look-up asks for, whatever it knows of them. */
sealed interface Wanted {

  /** {@return how many blocks} */
  int size();

  /** {@return the slot that the index names for a block, or null} */
  @Nullable Slot find(SlotIndex index, int position);

  /** {@return whether a slot, of which a use is held, keeps a block} */
  boolean isIn(Slot slot, int position);

  /** Blocks by their 128-bit keys. */
  record OfKeys(List<BlockKey> keys) implements Wanted {
    @Override
    public int size() {
      return keys.size();
    }

    @Override
    public @Nullable Slot find(SlotIndex index, int position) {
      BlockKey key = keys.get(position);
      return index.find(key.hi(), key.lo());
    }

    @Override
    public boolean isIn(Slot slot, int position) {
      BlockKey key = keys.get(position);
      return slot.keyLo == key.lo() && slot.keyHi == key.hi();
    }
  }

  /** Blocks of which only the 64-bit hash is known. */
  record OfHashes(List<SequenceHash> hashes) implements Wanted {
    @Override
    public int size() {
      return hashes.size();
    }

    @Override
    public @Nullable Slot find(SlotIndex index, int position) {
      return index.findByHash(hashes.get(position).value());
    }

    @Override
    public boolean isIn(Slot slot, int position) {
      return slot.keyLo == hashes.get(position).value();
    }
  }
}
