package io.kvbm.backend.system;

import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.spi.ByteSizes;
import io.kvbm.api.storage.AllocationRequest;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Reserves host memory off the heap within a budget, and never more than the machine has.
 * Threading: safe from any thread.
 */
final class HostMemory {

  /** Without a budget of its own. */
  static final HostMemory UNLIMITED =
      new HostMemory(HugePages.AUTO, Long.MAX_VALUE, MachineMemory.LOCAL);

  /**
   * From here on memory is mapped. Below, mapping takes some 5 us more than an arena; above, the
   * arena's zeroing takes over: equal at 256 KiB, 13 times as long at 16 MiB.
   */
  static final long MAPPED_FROM = 256 << 10;

  /** From here on it is worth some files' reading to ask what the machine has left. */
  static final long LOOKED_AT_FROM = 16 << 20;

  private static final long PAGE = 4096;

  /**
   * Mapped memory counts as available until it is touched, so what was promised is counted here,
   * for all budgets of this process together.
   */
  private static final AtomicLong PROMISED = new AtomicLong();

  private final HugePages hugePages;
  private final long budget;
  private final MachineMemory machine;
  private final AtomicLong used = new AtomicLong();

  HostMemory(HugePages hugePages, long budget, MachineMemory machine) {
    this.hugePages = hugePages;
    this.budget = budget;
    this.machine = machine;
  }

  /** {@return bytes reserved and not freed yet} */
  long usedByteSize() {
    return used.get();
  }

  /**
   * {@return zeroed memory of exactly the length asked for; the caller frees it}
   *
   * @throws CapacityException if budget or machine do not have so much; nothing was reserved
   */
  HostBlock reserve(AllocationRequest request) {
    takeFromBudget(request.byteSize());
    try {
      Optional<PosixMemory> posix = PosixMemory.linux();
      return posix.isPresent() && request.byteSize() >= MAPPED_FROM
          ? map(posix.get(), request)
          : allocate(request);
    } catch (CapacityException e) {
      used.addAndGet(-request.byteSize());
      throw e;
    }
  }

  private void takeFromBudget(long byteSize) {
    while (true) {
      long current = used.get();
      if (byteSize > budget - current) {
        throw exhausted(byteSize, budget - current, "its budget allows", null);
      }
      if (used.compareAndSet(current, current + byteSize)) {
        return;
      }
    }
  }

  private HostBlock allocate(AllocationRequest request) {
    requireOnMachine(request.byteSize());
    Arena arena = Arena.ofShared();
    try {
      MemorySegment segment = arena.allocate(request.byteSize(), request.alignment());
      return new HostBlock(arena, segment, () -> used.addAndGet(-request.byteSize()));
    } catch (OutOfMemoryError | IllegalArgumentException e) {
      arena.close();
      throw exhausted(request.byteSize(), 0, "the JVM gives", e);
    }
  }

  private HostBlock map(PosixMemory posix, AllocationRequest request) {
    long byteSize = request.byteSize();
    promise(byteSize);
    boolean huge = hugePages.wantedFor(byteSize);
    long alignment = Math.max(request.alignment(), huge ? HugePages.BYTE_SIZE : PAGE);
    long slack = alignment > PAGE ? alignment - PAGE : 0;
    if (slack > Long.MAX_VALUE - byteSize) {
      PROMISED.addAndGet(-byteSize);
      throw exhausted(byteSize, 0, "the address space has", null);
    }
    PosixMemory.Mapping mapping = posix.map(byteSize + slack);
    if (mapping.errno() != PosixMemory.OK) {
      PROMISED.addAndGet(-byteSize);
      throw exhausted(
          byteSize,
          Math.max(0, Math.min(byteSize - 1, machine.availableByteSize())),
          "the kernel (errno " + mapping.errno() + ") gives",
          null);
    }
    return bind(posix, mapping.address(), byteSize, slack, alignment, huge);
  }

  private HostBlock bind(
      PosixMemory posix, long base, long byteSize, long slack, long alignment, boolean huge) {
    Arena arena = Arena.ofShared();
    MemorySegment whole = posix.bind(base, byteSize + slack, arena);
    long start = Math.ceilDiv(base, alignment) * alignment - base;
    MemorySegment segment = whole.asSlice(start, byteSize);
    if (huge) {
      posix.adviseHugePages(segment); // a refusal costs speed only
    }
    return new HostBlock(
        arena,
        segment,
        () -> {
          PROMISED.addAndGet(-byteSize);
          used.addAndGet(-byteSize);
        });
  }

  private void promise(long byteSize) {
    requireOnMachine(byteSize);
    long total = machine.totalByteSize();
    long before = PROMISED.getAndAdd(byteSize);
    if (byteSize > total - before) {
      PROMISED.addAndGet(-byteSize);
      throw exhausted(byteSize, Math.max(0, total - before), "the machine has", null);
    }
  }

  private void requireOnMachine(long byteSize) {
    if (byteSize < LOOKED_AT_FROM) {
      return;
    }
    long available = machine.availableByteSize();
    if (byteSize > available) {
      throw exhausted(byteSize, available, "the machine has", null);
    }
  }

  private static CapacityException exhausted(
      long requested, long available, String who, @Nullable Throwable cause) {
    return new CapacityException(
        ErrorCode.ALLOCATION_FAILED,
        "system memory: %d bytes (%s) requested, %s %d (%s); ask for less or free some"
            .formatted(
                requested,
                ByteSizes.format(requested),
                who,
                available,
                ByteSizes.format(available)),
        requested,
        available,
        cause);
  }
}
