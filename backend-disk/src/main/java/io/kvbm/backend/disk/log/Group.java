package io.kvbm.backend.disk.log;

import io.kvbm.api.store.Durability;
import io.kvbm.backend.disk.file.IoMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** Records that are written together, and who waits for them. Guarded by its log. */
final class Group {

  private final Supplier<Arena> arenas;
  private Arena arena;
  private MemorySegment bytes;
  private final List<Waiter> waiters = new ArrayList<>();
  private long used;
  private int count;
  private long first;
  private long last;
  private boolean wantsWrite;
  private boolean wantsSync;
  private int users;

  /**
   * Makes an empty group.
   *
   * @param arenas where its memory is from
   * @param byteSize how much fits before it has to grow, a multiple of a page
   */
  Group(Supplier<Arena> arenas, long byteSize) {
    this.arenas = arenas;
    arena = arenas.get();
    bytes = IoMemory.allocate(arena, byteSize);
    clear();
  }

  /**
   * Told when the records are as durable as wanted.
   *
   * @param inside whether a thread of the log waits, which needs no other thread to be told
   */
  record Waiter(
      CompletableFuture<Long> future, long sequence, Durability durability, boolean inside) {}

  void clear() {
    used = Frame.GROUP_BYTE_SIZE;
    count = 0;
    wantsWrite = false;
    wantsSync = false;
    waiters.clear();
  }

  /** Somebody works with it. */
  void enter() {
    users++;
  }

  /** {@return whether that was the last who worked with it} */
  boolean leave() {
    return --users == 0;
  }

  int count() {
    return count;
  }

  long first() {
    return first;
  }

  long last() {
    return last;
  }

  /** {@return how many bytes it takes in the file} */
  long pagesByteSize() {
    return pages(used);
  }

  static long pages(long byteSize) {
    return (byteSize + SegmentHeader.PAGE - 1) & -SegmentHeader.PAGE;
  }

  /** {@return how many bytes of a group a record takes} */
  static long framed(long payload) {
    return (Frame.RECORD_BYTE_SIZE + payload + 7) & -8L;
  }

  boolean fits(long payload, long mostBytes) {
    return count == 0 || used + framed(payload) <= mostBytes;
  }

  void add(long sequence, MemorySegment record) {
    long length = record.byteSize();
    long framed = framed(length);
    makeRoom(used + framed);
    MemorySegment target = bytes.asSlice(used, framed);
    Frame.putRecord(target, length, sequence);
    MemorySegment.copy(record, 0, target, Frame.RECORD_BYTE_SIZE, length);
    long end = Frame.RECORD_BYTE_SIZE + length;
    target.asSlice(end, framed - end).fill((byte) 0);
    used += framed;
    first = count == 0 ? sequence : first;
    last = sequence;
    count++;
  }

  private void makeRoom(long wanted) {
    if (wanted <= bytes.byteSize()) {
      return;
    }
    Arena larger = arenas.get();
    MemorySegment grown = IoMemory.allocate(larger, Math.max(pages(wanted), 2 * bytes.byteSize()));
    MemorySegment.copy(bytes, 0, grown, 0, used);
    arena.close();
    arena = larger;
    bytes = grown;
  }

  void awaits(Waiter waiter) {
    waiters.add(waiter);
  }

  void wants(Durability durability) {
    wantsWrite |= durability != Durability.NONE;
    wantsSync |= durability == Durability.SYNCED;
  }

  boolean isWanted() {
    return wantsWrite;
  }

  boolean wantsSync() {
    return wantsSync;
  }

  long byteSize() {
    return used;
  }

  /**
   * {@return the waiters of one durability, or those that were not told yet; they are forgotten}
   */
  List<Waiter> take(boolean all) {
    List<Waiter> taken = new ArrayList<>(waiters.size());
    waiters.removeIf(
        waiter -> (all || waiter.durability() != Durability.SYNCED) && taken.add(waiter));
    return taken;
  }

  /**
   * Makes the headers and checksums.
   *
   * @return the chain behind the last record
   */
  int seal(Frame frame, SegmentHeader segment, long position, int chain, long syncedUpTo) {
    MemorySegment head = bytes.asSlice(0, Frame.GROUP_BYTE_SIZE);
    Frame.putGroup(head, used, Frame.GROUP, first, count, syncedUpTo);
    int rolling = frame.seal(head, Frame.GROUP_BYTE_SIZE, chain, segment.crc(), position);
    for (long at = Frame.GROUP_BYTE_SIZE; at < used; ) {
      long length = Frame.length(bytes.asSlice(at, Frame.RECORD_BYTE_SIZE));
      MemorySegment record = bytes.asSlice(at, length);
      rolling = frame.seal(record, Frame.RECORD_BYTE_SIZE, rolling, segment.crc(), position + at);
      at += (length + 7) & -8L;
    }
    bytes.asSlice(used, pages(used) - used).fill((byte) 0);
    return rolling;
  }

  MemorySegment sealed() {
    return bytes.asSlice(0, pages(used));
  }

  void free() {
    arena.close();
  }
}
