package io.kvbm.core.transfer;

import io.kvbm.api.storage.Storage;
import io.kvbm.api.transfer.TransferBatch;
import io.kvbm.api.transfer.Transport;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Moves blocks from storage to storage through a transport, in as few copies as the two sides
 * allow.
 */
record CopyHop(Transport transport, Extent source, Extent target) implements Hop {

  /**
   * Neighbouring blocks become one copy up to this size: larger copies are no faster, and a
   * transport with several threads would have fewer of them to share out.
   */
  private static final long MAX_COALESCED_BYTE_SIZE = 1L << 20;

  @Override
  public String mover() {
    return "transport " + transport.name();
  }

  @Override
  public long byteSize(BlockMove move) {
    // The last block of a run may be shorter than the slot it goes by.
    return Math.min(source.byteSize(move.sourceSlot()), target.byteSize(move.targetSlot()));
  }

  @Override
  public void start(List<BlockMove> moves, HopReport report) {
    Copies copies = new Copies();
    boolean whole = source.isContiguous() && target.isContiguous();
    int[] unitEnds = whole && moves.size() > 1 ? new int[moves.size()] : null;
    for (int i = 0; i < moves.size(); i++) {
      BlockMove move = moves.get(i);
      if (whole) {
        addWhole(copies, move);
      } else {
        addRegions(copies, move);
      }
      if (unitEnds != null) {
        unitEnds[copies.unit] = i + 1;
      }
    }
    TransferBatch batch = copies.build();
    report.handedOver(unitEnds);
    transport.submit(batch, report);
  }

  private void addWhole(Copies copies, BlockMove move) {
    Storage from = source.storage(move.sourceSlot(), 0);
    Storage to = target.storage(move.targetSlot(), 0);
    long fromOffset = source.offset(move.sourceSlot(), 0);
    long toOffset = target.offset(move.targetSlot(), 0);
    long byteSize = byteSize(move);
    boolean joins =
        copies.continues(from, fromOffset, to, toOffset)
            && copies.byteSize + byteSize <= MAX_COALESCED_BYTE_SIZE;
    if (!joins) {
      copies.nextUnit();
    }
    copies.add(from, fromOffset, to, toOffset, byteSize);
  }

  private void addRegions(Copies copies, BlockMove move) {
    copies.nextUnit();
    int regions = source.regions();
    long byteSize = byteSize(move) / regions;
    for (int region = 0; region < regions; region++) {
      copies.add(
          source.storage(move.sourceSlot(), region),
          source.offset(move.sourceSlot(), region),
          target.storage(move.targetSlot(), region),
          target.offset(move.targetSlot(), region),
          byteSize);
    }
  }

  /** Joins copies of one unit that continue each other; a unit is what the transport reports on. */
  private static final class Copies {
    private final TransferBatch.Builder builder = TransferBatch.builder();
    private int unit = -1;
    private @Nullable Storage from;
    private @Nullable Storage to;
    private long fromOffset;
    private long toOffset;
    private long byteSize;

    private boolean continues(
        Storage nextFrom, long nextFromOffset, Storage nextTo, long nextToOffset) {
      return from == nextFrom
          && to == nextTo
          && fromOffset + byteSize == nextFromOffset
          && toOffset + byteSize == nextToOffset;
    }

    private void nextUnit() {
      flush();
      unit++;
    }

    private void add(
        Storage nextFrom, long nextFromOffset, Storage nextTo, long nextToOffset, long size) {
      if (continues(nextFrom, nextFromOffset, nextTo, nextToOffset)) {
        byteSize += size;
        return;
      }
      flush();
      from = nextFrom;
      to = nextTo;
      fromOffset = nextFromOffset;
      toOffset = nextToOffset;
      byteSize = size;
    }

    private void flush() {
      if (from != null && to != null) {
        builder.add(unit, from, fromOffset, to, toOffset, byteSize);
        from = null;
        to = null;
        byteSize = 0;
      }
    }

    private TransferBatch build() {
      flush();
      return builder.build();
    }
  }
}
