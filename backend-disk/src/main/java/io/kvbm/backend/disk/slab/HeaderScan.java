package io.kvbm.backend.disk.slab;

import io.kvbm.api.KvbmException;
import io.kvbm.api.spi.MemoryBudget;
import io.kvbm.backend.disk.file.IoMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;

/**
 * Reads the header of every slot and enters what it says into the table.
 *
 * <p>Headers are read in waves of many requests, so that the device always has as many as the
 * engine lets it have. Where slots are small, runs of whole slots are read instead of single pages:
 * fewer and larger requests are faster there, though they move more bytes. Anything that cannot be
 * read ends the scan with the device's error: a disk that fails for a moment must not cost what is
 * on it.
 */
final class HeaderScan {

  /** Read at the same time. */
  private static final int WAVES = 2;

  /** The most bytes of a wave. */
  private static final long WAVE_BYTE_SIZE = 4L << 20;

  /** Up to this distance of headers, runs are read. */
  private static final long RUN_STRIDE = 16 << 10;

  private static final long RUN_BYTE_SIZE = 128 << 10;

  private final SlabStore store;
  private final SlabLayout layout;
  private final SlotTable table;
  private final int slotsPerRequest;
  private int discarded;

  HeaderScan(SlabStore store) {
    this.store = store;
    this.layout = store.layout();
    this.table = store.table();
    long stride = layout.slotStride();
    this.slotsPerRequest = stride <= RUN_STRIDE ? (int) (RUN_BYTE_SIZE / stride) : 1;
  }

  /** {@return slots that hold something of no use to this store} */
  int discarded() {
    return discarded;
  }

  /**
   * @throws KvbmException if a header cannot be read
   */
  void run() {
    long requestByteSize =
        slotsPerRequest == 1 ? DiskPages.PAGE : slotsPerRequest * layout.slotStride();
    long requests =
        Math.clamp(
            Math.ceilDiv((long) layout.slots(), slotsPerRequest),
            1,
            WAVE_BYTE_SIZE / requestByteSize);
    long waveByteSize = requests * requestByteSize;
    try (MemoryBudget.Reservation _ = store.environment().memory().reserve(WAVES * waveByteSize);
        Arena arena = store.engine().newArena()) {
      ArrayDeque<HeaderWave> free = new ArrayDeque<>();
      for (int i = 0; i < WAVES; i++) {
        free.add(
            new HeaderWave(
                IoMemory.allocate(arena, waveByteSize), requestByteSize, (int) requests));
      }
      scan(free, new ArrayDeque<>());
    }
  }

  /** One wave is looked at while the next one is read. */
  private void scan(ArrayDeque<HeaderWave> free, ArrayDeque<HeaderWave> reading) {
    try {
      HeaderWave wave = free.remove();
      for (int extent = 0; extent < layout.extents(); extent++) {
        if (store.extent(extent).isNew()) {
          continue;
        }
        int end = layout.firstSlot(extent) + layout.slotsOf(extent);
        for (int slot = layout.firstSlot(extent); slot < end; slot += slotsPerRequest) {
          wave.add(slot, Math.min(slotsPerRequest, end - slot), store);
          if (wave.isFull()) {
            wave.submit(store.engine());
            reading.add(wave);
            wave = free.isEmpty() ? look(reading.remove()) : free.remove();
          }
        }
      }
      wave.submit(store.engine());
      reading.add(wave);
      while (!reading.isEmpty()) {
        look(reading.remove());
      }
    } finally {
      reading.forEach(HeaderWave::awaitReleased); // their memory is about to be freed
    }
  }

  private HeaderWave look(HeaderWave wave) {
    wave.await();
    wave.forEachHeader(layout.slotStride(), this::look);
    wave.clear();
    return wave;
  }

  private void look(int slot, MemorySegment page) {
    if (DiskPages.isBlank(page)) {
      return;
    }
    boolean isWhole = store.checks().ofHeader(page, store.extentOf(slot), slot) == null;
    SlotHeader header = SlotHeader.readFrom(page);
    if (!isWhole
        || header.fingerprint() != store.fingerprint()
        || header.bodyByteSize() < 0
        || header.bodyByteSize() > store.slotByteSize()) {
      discarded++;
      return;
    }
    table.enter(slot, header);
  }
}
