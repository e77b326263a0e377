package io.kvbm.core.transfer;

import io.kvbm.api.store.BlockRead;
import io.kvbm.api.store.BlockStore;
import io.kvbm.api.store.BlockWrite;
import io.kvbm.api.transfer.Transport;
import java.util.ArrayList;
import java.util.List;

/**
 * One way to move blocks without a stop: through a transport, into a store or out of one.
 * Stateless.
 */
sealed interface Hop permits CopyHop, ShardHop, Hop.StoreWrite, Hop.StoreRead {

  /** {@return who moves the bytes, for messages} */
  String mover();

  /** {@return bytes of the block of a move} */
  long byteSize(BlockMove move);

  /** {@return whether a mover that moves another number of bytes has failed} */
  default boolean isByteSizeKnown() {
    return true;
  }

  /**
   * Starts moving. May throw before anything was handed to the transport or store; {@link
   * HopReport} sees to it that whatever is thrown ends as outcomes.
   */
  void start(List<BlockMove> moves, HopReport report);

  /** Gathers blocks from host memory into a store. */
  record StoreWrite(Extent source, BlockStore store, long blockByteSize) implements Hop {
    @Override
    public String mover() {
      return "block store " + store.getClass().getSimpleName();
    }

    @Override
    public long byteSize(BlockMove move) {
      return blockByteSize;
    }

    @Override
    public void start(List<BlockMove> moves, HopReport report) {
      List<BlockWrite> writes = new ArrayList<>(moves.size());
      for (BlockMove move : moves) {
        writes.add(
            new BlockWrite(
                move.targetSlot(),
                move.key(),
                move.parent(),
                move.targetGeneration(),
                move.priority(),
                source.slices(move.sourceSlot()),
                move.checksum()));
      }
      report.handedOver(null);
      store.write(writes, report);
    }
  }

  /** Scatters blocks from a store into host memory. */
  record StoreRead(BlockStore store, Extent target, long blockByteSize) implements Hop {
    @Override
    public String mover() {
      return "block store " + store.getClass().getSimpleName();
    }

    @Override
    public long byteSize(BlockMove move) {
      return blockByteSize;
    }

    @Override
    public void start(List<BlockMove> moves, HopReport report) {
      List<BlockRead> reads = new ArrayList<>(moves.size());
      for (BlockMove move : moves) {
        reads.add(
            new BlockRead(
                move.sourceSlot(),
                move.key(),
                move.sourceGeneration(),
                target.slices(move.targetSlot())));
      }
      report.handedOver(null);
      store.read(reads, report);
    }
  }

  /** {@return a hop through a transport} */
  static Hop copy(Transport transport, Extent source, Extent target) {
    return new CopyHop(transport, source, target);
  }
}
