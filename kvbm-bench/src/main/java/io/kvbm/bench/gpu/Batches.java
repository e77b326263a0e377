package io.kvbm.bench.gpu;

import io.kvbm.api.BackendException;
import io.kvbm.api.CorruptionException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.layout.LayoutConfig;
import io.kvbm.api.layout.LayoutProvider;
import io.kvbm.api.layout.LayoutType;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.transfer.BlockOutcome;
import io.kvbm.core.Platform;
import io.kvbm.core.transfer.BlockMove;
import io.kvbm.core.transfer.BlockPlace;
import io.kvbm.core.transfer.TransferOptions;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/** Blocks in one kind of memory, copied to another as an engine would, by the platform. */
final class Batches implements AutoCloseable {

  private final Platform platform;
  private final LayoutConfig shape;
  private final List<Storage> storages = new ArrayList<>();
  private final BlockPlace source;
  private final BlockPlace target;
  private final List<BlockMove> moves;

  /**
   * Takes memory for the blocks and fills those of the source.
   *
   * @param from the kind of memory they are in
   * @param to the kind they go to
   */
  Batches(
      Platform platform,
      LayoutConfig shape,
      String from,
      LayoutType fromType,
      String to,
      LayoutType toType) {
    this.platform = platform;
    this.shape = shape;
    this.moves = scattered(shape.numBlocks());
    try {
      this.source = place(from, fromType);
      this.target = place(to, toType);
      fill();
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /** A cache that has been used for a while has no neighbours that move together. */
  private static List<BlockMove> scattered(int count) {
    List<Integer> slots = new ArrayList<>(IntStream.range(0, count).boxed().toList());
    Collections.shuffle(slots, new Random(count));
    return IntStream.range(0, count).mapToObj(i -> BlockMove.of(i, slots.get(i))).toList();
  }

  private BlockPlace place(String kind, LayoutType type) {
    LayoutProvider provider = platform.layout(type);
    List<Storage> own = new ArrayList<>();
    for (long size : provider.storageByteSizes(shape)) {
      Storage storage = platform.allocator(kind).allocate(size);
      storages.add(storage);
      own.add(storage);
    }
    return new BlockPlace.LaidOut(provider.bind(shape, own));
  }

  private void fill() {
    try (Storage bytes = hostBlocks()) {
      Random random = new Random(shape.numBlocks());
      MemorySegment view = bytes.mutableView();
      for (long at = 0; at + Long.BYTES <= view.byteSize(); at += Long.BYTES) {
        view.set(ValueLayout.JAVA_LONG_UNALIGNED, at, random.nextLong());
      }
      move(hostPlace(bytes), source, identity());
    }
  }

  private Storage hostBlocks() {
    return platform
        .allocator("system")
        .allocate(platform.layout(LayoutType.FULLY_CONTIGUOUS).storageByteSizes(shape).getFirst());
  }

  private BlockPlace hostPlace(Storage storage) {
    return new BlockPlace.LaidOut(
        platform.layout(LayoutType.FULLY_CONTIGUOUS).bind(shape, List.of(storage)));
  }

  private List<BlockMove> identity() {
    return IntStream.range(0, shape.numBlocks()).mapToObj(i -> BlockMove.of(i, i)).toList();
  }

  /** Copies the batch and waits for it. */
  void run() {
    move(source, target, moves);
  }

  private void move(BlockPlace from, BlockPlace to, List<BlockMove> which) {
    for (BlockOutcome outcome :
        platform.transfers().submit(from, to, which, TransferOptions.DEFAULT).await()) {
      switch (outcome) {
        case BlockOutcome.Done _ -> {}
        case BlockOutcome.Failed failed -> throw failed.cause();
        case BlockOutcome.Cancelled _ ->
            throw new BackendException(ErrorCode.CANCELLED, "a copy was cancelled", null);
      }
    }
  }

  /**
   * Checks that each block is where it was copied to.
   *
   * @throws CorruptionException if one is not: what was measured was no copy
   */
  void verify() {
    try (Storage sent = hostBlocks();
        Storage arrived = hostBlocks()) {
      move(source, hostPlace(sent), identity());
      move(target, hostPlace(arrived), identity());
      long size = shape.blockByteSize();
      for (BlockMove move : moves) {
        MemorySegment wanted = sent.view().asSlice(move.sourceSlot() * size, size);
        MemorySegment found = arrived.view().asSlice(move.targetSlot() * size, size);
        if (wanted.mismatch(found) >= 0) {
          throw new CorruptionException(
              ErrorCode.CORRUPT,
              "block %d arrived with other bytes than it was sent with"
                  .formatted(move.sourceSlot()));
        }
      }
    }
  }

  @Override
  public void close() {
    storages.forEach(Storage::close);
    storages.clear();
  }
}
