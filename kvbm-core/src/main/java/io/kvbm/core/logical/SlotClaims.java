package io.kvbm.core.logical;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.remote.ShardMove;
import java.util.BitSet;

/**
 * Which slots of one set are being read and written. A leader that was started anew, or is wrong,
 * must not have a slot written that a move of before is still busy with. Guarded by its worker.
 */
final class SlotClaims {

  private final String set;
  private final int[] readers;
  private final BitSet written;

  SlotClaims(String set, int slots) {
    this.set = set;
    this.readers = new int[slots];
    this.written = new BitSet(slots);
  }

  /** Takes the slots of a move, all or none. */
  static void take(ShardMove move, SlotClaims source, SlotClaims target) {
    source.requireWithin(move.sourceSlots());
    target.requireWithin(move.targetSlots());
    for (int slot : move.sourceSlots()) {
      if (source.written.get(slot)) {
        throw source.busy(slot, "written");
      }
    }
    BitSet own = new BitSet(target.readers.length);
    if (source == target) {
      for (int slot : move.sourceSlots()) {
        own.set(slot);
      }
    }
    for (int slot : move.targetSlots()) {
      if (own.get(slot)) {
        throw new CallerException(
            ErrorCode.INVALID_ARGUMENT,
            "slot %d of the %s set is a target twice, or read and written by one move"
                .formatted(slot, target.set));
      }
      own.set(slot);
      if (target.written.get(slot) || target.readers[slot] > 0) {
        throw target.busy(slot, target.written.get(slot) ? "written" : "read");
      }
    }
    for (int slot : move.sourceSlots()) {
      source.readers[slot]++;
    }
    for (int slot : move.targetSlots()) {
      target.written.set(slot);
    }
  }

  static void giveBack(ShardMove move, SlotClaims source, SlotClaims target) {
    for (int slot : move.sourceSlots()) {
      source.readers[slot]--;
    }
    for (int slot : move.targetSlots()) {
      target.written.clear(slot);
    }
  }

  private void requireWithin(int[] slots) {
    for (int slot : slots) {
      if (slot < 0 || slot >= readers.length) {
        throw new CallerException(
            ErrorCode.INVALID_BLOCK_INDEX,
            "slot %d is outside the %d slots of the %s set".formatted(slot, readers.length, set));
      }
    }
  }

  private CallerException busy(int slot, String how) {
    return new CallerException(
        ErrorCode.BLOCK_STATE_INVALID,
        "slot %d of the %s set is being %s by a move of before; wait for its end"
            .formatted(slot, set, how));
  }
}
