package io.kvbm.core.transfer;

import io.kvbm.api.CallerException;
import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.layout.Layout;
import io.kvbm.api.layout.LayoutConfig;
import java.util.BitSet;
import java.util.List;

/** What must hold before the first byte moves. */
final class MoveRules {

  private MoveRules() {}

  static void check(
      BlockPlace source, BlockPlace target, List<BlockMove> moves, LayerRange layers) {
    checkShapes(source.shape(), target.shape());
    checkPlace(source);
    checkPlace(target);
    layers.requireWithin(source.shape().numLayers());
    boolean keyed = source instanceof BlockPlace.Keyed || target instanceof BlockPlace.Keyed;
    if (keyed && !layers.isAllOf(source.shape().numLayers())) {
      throw invalid(
          "some layers of a block cannot be moved to or from a block store; move it whole");
    }
    boolean sharded = source instanceof BlockPlace.Sharded || target instanceof BlockPlace.Sharded;
    if (sharded) {
      checkSharded(source, target, layers);
    }
    checkSlots(source, target, moves, keyed);
    if (moves.size() > 1) {
      checkTargetsUnique(target, moves);
    }
    if (isSame(source, target)) {
      checkDisjoint(source, moves);
    }
  }

  private static void checkSharded(BlockPlace source, BlockPlace target, LayerRange layers) {
    if (!(source instanceof BlockPlace.Sharded from)
        || !(target instanceof BlockPlace.Sharded to)
        || from.workers() != to.workers()) {
      throw new CallerException(
          ErrorCode.NO_ROUTE,
          "blocks in shards move between sets of the same workers only, not from %s to %s"
              .formatted(source.kind(), target.kind()));
    }
    if (!layers.isAllOf(source.shape().numLayers())) {
      throw invalid("some layers of a block in shards cannot be moved; move it whole");
    }
  }

  private static void checkShapes(LayoutConfig source, LayoutConfig target) {
    if (source.numLayers() != target.numLayers()
        || source.outerDim() != target.outerDim()
        || source.pageSize() != target.pageSize()
        || source.innerDim() != target.innerDim()
        || source.dtype() != target.dtype()) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG,
          "blocks of %s cannot be moved to blocks of %s".formatted(text(source), text(target)));
    }
  }

  private static String text(LayoutConfig shape) {
    return "%d layers x %d outer x %d tokens x %d elements of %s"
        .formatted(
            shape.numLayers(), shape.outerDim(), shape.pageSize(), shape.innerDim(), shape.dtype());
  }

  private static void checkPlace(BlockPlace place) {
    switch (place) {
      case BlockPlace.LaidOut(Layout layout) -> {
        for (int i = 1; i < layout.storageCount(); i++) {
          if (!layout.storage(i).type().kind().equals(place.kind())) {
            throw invalid(
                "a layout to move blocks of has storages of one kind, not of %s and %s"
                    .formatted(place.kind(), layout.storage(i).type().kind()));
          }
        }
      }
      case BlockPlace.Sharded _ -> {}
      case BlockPlace.Keyed keyed -> {
        if (keyed.store().slotByteSize() < keyed.shape().blockByteSize()) {
          throw new ConfigurationException(
              ErrorCode.INVALID_CONFIG,
              "blocks of %d bytes do not fit the %d byte slots of the store"
                  .formatted(keyed.shape().blockByteSize(), keyed.store().slotByteSize()));
        }
      }
    }
  }

  private static void checkSlots(
      BlockPlace source, BlockPlace target, List<BlockMove> moves, boolean keyed) {
    int sourceSlots = source.slots();
    int targetSlots = target.slots();
    for (int i = 0; i < moves.size(); i++) {
      BlockMove move = moves.get(i);
      checkSlot("source", move.sourceSlot(), sourceSlots);
      checkSlot("target", move.targetSlot(), targetSlots);
      if (keyed && move.key().equals(BlockMove.NO_KEY)) {
        throw invalid(
            "move %d -> %d has no key, and a block store needs one"
                .formatted(move.sourceSlot(), move.targetSlot()));
      }
    }
  }

  private static void checkSlot(String side, int slot, int slots) {
    if (slot < 0 || slot >= slots) {
      throw new CallerException(
          ErrorCode.INVALID_BLOCK_INDEX,
          "%s slot %d is outside the %d slots there are".formatted(side, slot, slots));
    }
  }

  private static void checkTargetsUnique(BlockPlace target, List<BlockMove> moves) {
    BitSet seen = new BitSet(target.slots());
    for (BlockMove move : moves) {
      if (seen.get(move.targetSlot())) {
        throw invalid("two moves have target slot " + move.targetSlot());
      }
      seen.set(move.targetSlot());
    }
  }

  private static boolean isSame(BlockPlace source, BlockPlace target) {
    return switch (source) {
      case BlockPlace.LaidOut(Layout layout) ->
          target instanceof BlockPlace.LaidOut(Layout other) && layout == other;
      case BlockPlace.Keyed keyed ->
          target instanceof BlockPlace.Keyed other && keyed.store() == other.store();
      case BlockPlace.Sharded sharded ->
          target instanceof BlockPlace.Sharded other && sharded.set() == other.set();
    };
  }

  private static void checkDisjoint(BlockPlace place, List<BlockMove> moves) {
    BitSet sources = new BitSet(place.slots());
    moves.forEach(move -> sources.set(move.sourceSlot()));
    for (BlockMove move : moves) {
      if (sources.get(move.targetSlot())) {
        throw invalid(
            "slot %d is both read and written by one transfer; split it in two"
                .formatted(move.targetSlot()));
      }
    }
  }

  private static CallerException invalid(String message) {
    return new CallerException(ErrorCode.INVALID_ARGUMENT, message);
  }
}
