package io.kvbm.backend.cuda;

import io.kvbm.api.CapacityException;
import io.kvbm.cuda.CudaDevice;
import io.kvbm.cuda.CudaDriver;
import io.kvbm.cuda.CudaStream;
import io.kvbm.cuda.OffsetAllocator;
import io.kvbm.cuda.OffsetAllocator.Range;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A device with what its users here share: the context, slabs of memory and the stream that sets it.
 * Backends and storages are its users; it is closed with the last. Threading: safe from any thread.
 */
final class SharedDevice {

  /** What small storages are carved from, in bytes. */
  static final long SLAB_BYTE_SIZE = 64L << 20;

  /** Larger ones get memory of their own: carving would leave holes that nothing fits. */
  private static final long CARVED_BELOW = SLAB_BYTE_SIZE / 4;

  private static final Map<Integer, SharedDevice> OPEN = new HashMap<>();

  private final CudaDevice device;
  private final CudaStream memoryStream;
  private final List<Slab> slabs = new ArrayList<>();
  private int users;

  private SharedDevice(CudaDevice device) {
    this.device = device;
    try {
      this.memoryStream = device.openStream("memory");
    } catch (RuntimeException e) {
      device.close();
      throw e;
    }
  }

  private record Slab(long address, OffsetAllocator space) {}

  /**
   * Memory in use.
   *
   * @param address the first byte
   * @param byteSize its length
   * @param slab what it was carved from, or null
   * @param range where
   */
  record Memory(long address, long byteSize, Optional<Slab> slab, Optional<Range> range) {}

  /** {@return a device, opened where nobody has it; {@link #leave} lets it go} */
  static SharedDevice join(int ordinal) {
    synchronized (OPEN) {
      SharedDevice shared = OPEN.get(ordinal);
      if (shared == null) {
        shared = new SharedDevice(CudaDriver.load().open(ordinal));
        OPEN.put(ordinal, shared);
      }
      shared.users++;
      return shared;
    }
  }

  /** One more user of the same device. */
  void join() {
    synchronized (OPEN) {
      users++;
    }
  }

  /** One user less; the last one closes the device. */
  void leave() {
    synchronized (OPEN) {
      if (--users > 0) {
        return;
      }
      OPEN.remove(device.ordinal());
      // Inside, so that whoever opens the device again finds its context released.
      memoryStream.close();
      slabs.forEach(slab -> device.free(slab.address()));
      slabs.clear();
      device.close();
    }
  }

  CudaDevice device() {
    return device;
  }

  /**
   * {@return zeroed memory; {@link #free} gives it back}
   *
   * @throws CapacityException if there is not so much; nothing was taken
   */
  Memory allocate(long byteSize, long alignment) {
    Memory memory = take(byteSize, alignment);
    try {
      fill(memory.address(), (byte) 0, byteSize);
      return memory;
    } catch (RuntimeException e) {
      free(memory);
      throw e;
    }
  }

  private Memory take(long byteSize, long alignment) {
    if (byteSize < CARVED_BELOW && alignment < CARVED_BELOW) {
      try {
        return carve(byteSize, alignment);
      } catch (CapacityException _) {
        // no slab more, and perhaps something smaller
      }
    }
    return allocateAlone(byteSize, alignment);
  }

  private synchronized Memory carve(long byteSize, long alignment) {
    for (Slab slab : slabs) {
      Optional<Range> range = slab.space().take(slab.address(), byteSize, alignment);
      if (range.isPresent()) {
        return carved(slab, range.get());
      }
    }
    Slab slab = newSlab();
    return carved(slab, slab.space().take(slab.address(), byteSize, alignment).orElseThrow());
  }

  private Slab newSlab() {
    Slab slab = new Slab(device.allocate(SLAB_BYTE_SIZE), new OffsetAllocator(SLAB_BYTE_SIZE));
    slabs.add(slab);
    return slab;
  }

  private static Memory carved(Slab slab, Range range) {
    return new Memory(
        slab.address() + range.offset(),
        range.byteSize(),
        Optional.of(slab),
        Optional.of(range));
  }

  private Memory allocateAlone(long byteSize, long alignment) {
    long address = allocateOrTrim(byteSize);
    if ((address & (alignment - 1)) == 0) {
      return new Memory(address, byteSize, Optional.empty(), Optional.empty());
    }
    device.free(address);
    long padded = Math.addExact(byteSize, alignment);
    OffsetAllocator space = new OffsetAllocator(padded);
    Slab slab = new Slab(allocateOrTrim(padded), space);
    return carved(slab, space.take(slab.address(), byteSize, alignment).orElseThrow());
  }

  /** Slabs that nobody uses are given back before anybody is told that there is no memory. */
  private long allocateOrTrim(long byteSize) {
    try {
      return device.allocate(byteSize);
    } catch (CapacityException e) {
      if (!freeIdleSlabs()) {
        throw e;
      }
      return device.allocate(byteSize);
    }
  }

  private synchronized boolean freeIdleSlabs() {
    List<Slab> idle = slabs.stream().filter(slab -> slab.space().isEmpty()).toList();
    idle.forEach(slab -> device.free(slab.address()));
    slabs.removeAll(idle);
    return !idle.isEmpty();
  }

  /** Sets bytes and waits for it; nothing else on the device is waited for. */
  void fill(long address, byte value, long byteSize) {
    memoryStream.fill(address, value, byteSize);
    memoryStream.await();
  }

  void free(Memory memory) {
    if (memory.slab().isEmpty()) {
      device.free(memory.address());
      return;
    }
    Slab slab = memory.slab().get();
    synchronized (this) {
      slab.space().giveBack(memory.range().orElseThrow());
      boolean isSpare = slab.space().isEmpty() && !isOnlyIdle(slab);
      if (slabs.contains(slab) && !isSpare) {
        return;
      }
      slabs.remove(slab);
    }
    if (slab.space().isEmpty()) {
      device.free(slab.address());
    }
  }

  /** One slab is kept for whoever comes next. */
  private boolean isOnlyIdle(Slab slab) {
    return slabs.stream().noneMatch(other -> other != slab && other.space().isEmpty());
  }
}
