package io.kvbm.backend.disk.slab;

import io.kvbm.api.KvbmException;
import io.kvbm.backend.disk.io.IoCallback;
import io.kvbm.backend.disk.io.IoEngine;
import io.kvbm.backend.disk.io.IoRequest;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads of headers that are submitted together. */
final class HeaderWave implements IoCallback {

  private final MemorySegment memory;
  private final long requestByteSize;
  private final int capacity;
  private final List<Piece> pieces = new ArrayList<>();
  private final List<IoRequest> requests = new ArrayList<>();
  private int open;
  private @Nullable KvbmException failure;

  /** Neighbouring slots and where they were read to. */
  private record Piece(int firstSlot, int count, MemorySegment bytes) {}

  /** Is told of a header. */
  interface Reader {
    void accept(int slot, MemorySegment page);
  }

  /**
   * @param memory for all of its requests
   * @param requestByteSize the most bytes of one
   * @param capacity how many there are
   */
  HeaderWave(MemorySegment memory, long requestByteSize, int capacity) {
    this.memory = memory;
    this.requestByteSize = requestByteSize;
    this.capacity = capacity;
  }

  boolean isFull() {
    return pieces.size() == capacity;
  }

  /** Adds a read of neighbouring slots, or of the header alone where it is one slot. */
  void add(int firstSlot, int count, SlabStore store) {
    SlabLayout layout = store.layout();
    long byteSize = count == 1 ? DiskPages.PAGE : count * layout.slotStride();
    MemorySegment target = memory.asSlice(pieces.size() * requestByteSize, byteSize);
    pieces.add(new Piece(firstSlot, count, target));
    requests.add(
        IoRequest.read(
            store.extentOf(firstSlot).file(), layout.positionOf(firstSlot), target, this));
  }

  void submit(IoEngine engine) {
    synchronized (this) {
      open = requests.size();
    }
    engine.submit(requests);
  }

  @Override
  public synchronized void completed(IoRequest request, @Nullable KvbmException cause) {
    if (failure == null) {
      failure = cause;
    }
  }

  @Override
  public synchronized void released(IoRequest request) {
    open--;
    notifyAll();
  }

  /** Waits until nobody touches the memory any more, interrupted or not. */
  synchronized void awaitReleased() {
    boolean interrupted = false;
    while (open > 0) {
      try {
        wait();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Waits for the reads.
   *
   * @throws KvbmException the first failure
   */
  synchronized void await() {
    awaitReleased();
    if (failure != null) {
      throw failure;
    }
  }

  void forEachHeader(long slotStride, Reader reader) {
    for (Piece piece : pieces) {
      for (int i = 0; i < piece.count(); i++) {
        reader.accept(piece.firstSlot() + i, piece.bytes().asSlice(i * slotStride, DiskPages.PAGE));
      }
    }
  }

  void clear() {
    pieces.clear();
    requests.clear();
  }
}
