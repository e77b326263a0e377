package io.kvbm.backend.disk.slab;

import io.kvbm.api.block.BlockKey;
import io.kvbm.api.store.StoredBlock;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * What each slot holds, as far as this process knows: 64 bytes a slot, off-heap. A clean close
 * writes the table as it is, so its fields are little-endian.
 *
 * <p>Threading: a slot has either one writer or any number of readers, see {@link #tryWrite} and
 * {@link #tryRead}; whoever has it may use its fields.
 */
final class SlotTable {

  static final long RECORD = 64;

  /** Holds nothing that may be read. */
  static final int EMPTY = 0;

  /** Holds a block. */
  static final int HELD = 1;

  /** Held a block that turned out damaged: not read again before it is rewritten. */
  static final int QUARANTINED = 2;

  private static final int AT_STATE = 4;
  private static final int AT_KEY_HI = 8;
  private static final int AT_KEY_LO = 16;
  private static final int AT_PARENT_HI = 24;
  private static final int AT_PARENT_LO = 32;
  private static final int AT_GENERATION = 40;
  private static final int AT_BYTE_SIZE = 48;
  private static final int AT_PRIORITY = 56;
  private static final int AT_FLAGS = 60;

  private static final int HAS_PARENT = 1;

  /** The slot on disk may look whole and must not be found again. */
  private static final int STALE = 2;

  private static final int WRITER = -1;

  private static final VarHandle WORD =
      ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN).varHandle();

  private final MemorySegment bytes;
  private final int slots;

  /**
   * @param bytes zeroed, at least {@link #byteSize} long
   * @param slots how many records
   */
  SlotTable(MemorySegment bytes, int slots) {
    this.bytes = bytes;
    this.slots = slots;
  }

  /** {@return bytes of a table, whole pages} */
  static long byteSize(int slots) {
    return DiskPages.up(slots * RECORD);
  }

  MemorySegment bytes() {
    return bytes;
  }

  int slots() {
    return slots;
  }

  // ---- who has a slot

  boolean tryWrite(int slot) {
    return WORD.compareAndSet(bytes, slot * RECORD, 0, WRITER);
  }

  boolean tryRead(int slot) {
    long at = slot * RECORD;
    while (true) {
      int readers = (int) WORD.getVolatile(bytes, at);
      if (readers < 0) {
        return false;
      }
      if (WORD.compareAndSet(bytes, at, readers, readers + 1)) {
        return true;
      }
    }
  }

  void endWrite(int slot) {
    WORD.setRelease(bytes, slot * RECORD, 0);
  }

  void endRead(int slot) {
    WORD.getAndAdd(bytes, slot * RECORD, -1);
  }

  // ---- what it holds

  int state(int slot) {
    return (int) WORD.getVolatile(bytes, slot * RECORD + AT_STATE);
  }

  private boolean changeState(int slot, int from, int to) {
    return WORD.compareAndSet(bytes, slot * RECORD + AT_STATE, from, to);
  }

  BlockKey key(int slot) {
    return new BlockKey(field(slot, AT_KEY_HI), field(slot, AT_KEY_LO));
  }

  long generation(int slot) {
    return field(slot, AT_GENERATION);
  }

  long byteSize(int slot, long limit) {
    return Math.clamp(field(slot, AT_BYTE_SIZE), 0, limit);
  }

  boolean isStale(int slot) {
    return (flags(slot) & STALE) != 0;
  }

  private long field(int slot, int at) {
    return bytes.get(DiskPages.LONG, slot * RECORD + at);
  }

  private void setField(int slot, int at, long value) {
    bytes.set(DiskPages.LONG, slot * RECORD + at, value);
  }

  private int flags(int slot) {
    return (int) WORD.getVolatile(bytes, slot * RECORD + AT_FLAGS);
  }

  /** Notes that what is on disk must not be found again. */
  void markStale(int slot) {
    WORD.getAndBitwiseOr(bytes, slot * RECORD + AT_FLAGS, STALE);
  }

  /** Notes that nothing is on disk any more, nor is there anything to be kept from readers. */
  void wiped(int slot) {
    WORD.getAndBitwiseAnd(bytes, slot * RECORD + AT_FLAGS, ~STALE);
    WORD.setVolatile(bytes, slot * RECORD + AT_STATE, EMPTY);
  }

  /** The slot's writer is about to change what is on disk; returns what it held. */
  int beginOverwrite(int slot) {
    markStale(slot);
    return (int) WORD.getAndSet(bytes, slot * RECORD + AT_STATE, EMPTY);
  }

  /** Enters what a header says; by the slot's writer or before there are others. */
  void enter(int slot, SlotHeader header) {
    BlockKey parent = header.parent();
    setField(slot, AT_KEY_HI, header.key().hi());
    setField(slot, AT_KEY_LO, header.key().lo());
    setField(slot, AT_PARENT_HI, parent == null ? 0 : parent.hi());
    setField(slot, AT_PARENT_LO, parent == null ? 0 : parent.lo());
    setField(slot, AT_GENERATION, header.generation());
    setField(slot, AT_BYTE_SIZE, header.bodyByteSize());
    bytes.set(DiskPages.INT, slot * RECORD + AT_PRIORITY, header.priority());
    bytes.set(DiskPages.INT, slot * RECORD + AT_FLAGS, parent == null ? 0 : HAS_PARENT);
    WORD.setRelease(bytes, slot * RECORD + AT_STATE, HELD);
  }

  /** Forgets a block that was found twice; before there are others. */
  void drop(int slot) {
    beginOverwrite(slot);
  }

  /** {@return whether the slot held that generation, which is forgotten now} */
  boolean invalidate(int slot, long generation) {
    if (state(slot) != HELD || generation(slot) != generation || !changeState(slot, HELD, EMPTY)) {
      return false;
    }
    markStale(slot);
    return true;
  }

  /** {@return whether the slot was not quarantined before} */
  boolean quarantine(int slot) {
    boolean first = changeState(slot, HELD, QUARANTINED);
    if (first) {
      markStale(slot);
    }
    return first;
  }

  /** {@return what a slot in state {@link #HELD} holds} */
  StoredBlock stored(int slot, long fingerprint) {
    @Nullable BlockKey parent =
        (flags(slot) & HAS_PARENT) == 0
            ? null
            : new BlockKey(field(slot, AT_PARENT_HI), field(slot, AT_PARENT_LO));
    return new StoredBlock(
        slot,
        key(slot),
        parent,
        generation(slot),
        fingerprint,
        bytes.get(DiskPages.INT, slot * RECORD + AT_PRIORITY));
  }
}
