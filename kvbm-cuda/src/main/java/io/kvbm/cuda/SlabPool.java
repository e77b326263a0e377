package io.kvbm.cuda;

import io.kvbm.api.CapacityException;
import io.kvbm.api.KvbmException;
import io.kvbm.cuda.OffsetAllocator.Range;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Memory that is slow to get, had a slab at a time: what is small is carved from slabs, what is
 * large is had alone. One empty slab is kept for whoever comes next. Threading: safe from any
 * thread.
 */
public final class SlabPool {

  /** Where slabs come from. */
  public interface Source {

    /**
     * {@return the address of new memory}
     *
     * @param byteSize how many bytes
     * @throws CapacityException if there are not so many; nothing was taken
     */
    long take(long byteSize);

    /**
     * {@return the address of new memory to be carved}
     *
     * @param byteSize how many bytes
     * @throws CapacityException if there are not so many of full worth; nothing was taken, and the
     *     pool takes what it needs alone
     */
    default long takeSlab(long byteSize) {
      return take(byteSize);
    }

    /**
     * Gives memory back.
     *
     * @param address as {@link #take} or {@link #takeSlab} gave it
     * @param byteSize as it was asked for
     */
    void giveBack(long address, long byteSize);
  }

  /** Larger memory is had alone from this part of a slab on: carving would leave holes. */
  private static final int CARVED_PART = 4;

  private final Source source;
  private final long slabByteSize;
  private final List<Slab> slabs = new ArrayList<>();

  /**
   * Creates a pool that has nothing yet.
   *
   * @param source where slabs come from; it stays the caller's
   * @param slabByteSize their length in bytes, a power of two
   */
  public SlabPool(Source source, long slabByteSize) {
    this.source = source;
    this.slabByteSize = slabByteSize;
  }

  private record Slab(long address, long byteSize, OffsetAllocator space) {}

  /** Memory in use; contents are undefined. */
  public static final class Memory {

    private final long address;
    private final long byteSize;
    private final @Nullable Slab slab;
    private final @Nullable Range range;

    private Memory(long address, long byteSize, @Nullable Slab slab, @Nullable Range range) {
      this.address = address;
      this.byteSize = byteSize;
      this.slab = slab;
      this.range = range;
    }

    /** {@return the address of the first byte} */
    public long address() {
      return address;
    }

    /** {@return the length in bytes} */
    public long byteSize() {
      return byteSize;
    }
  }

  /**
   * Takes memory. Slabs that nobody uses are given back before anybody is told that there is none.
   *
   * @param byteSize how many bytes, above zero
   * @param alignment of the address, a power of two
   * @return the memory; {@link #free} gives it back
   * @throws CapacityException if there is not so much; nothing was taken
   */
  public Memory allocate(long byteSize, long alignment) {
    if (byteSize < slabByteSize / CARVED_PART && alignment < slabByteSize / CARVED_PART) {
      try {
        return carve(byteSize, alignment);
      } catch (CapacityException _) {
        // There is no slab more, and perhaps something smaller.
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
    Slab slab = slab(takeOrTrim(source::takeSlab, slabByteSize), slabByteSize);
    slabs.add(slab);
    return carve(slab, byteSize, alignment);
  }

  private static Slab slab(long address, long byteSize) {
    return new Slab(address, byteSize, new OffsetAllocator(byteSize));
  }

  private static Memory carve(Slab slab, long byteSize, long alignment) {
    return carved(slab, slab.space().take(slab.address(), byteSize, alignment).orElseThrow());
  }

  private static Memory carved(Slab slab, Range range) {
    return new Memory(slab.address() + range.offset(), range.byteSize(), slab, range);
  }

  private Memory allocateAlone(long byteSize, long alignment) {
    long address = takeOrTrim(source::take, byteSize);
    if ((address & (alignment - 1)) == 0) {
      return new Memory(address, byteSize, null, null);
    }
    source.giveBack(address, byteSize);
    long enough = Math.addExact(byteSize, alignment);
    return carve(slab(takeOrTrim(source::take, enough), enough), byteSize, alignment);
  }

  private long takeOrTrim(LongUnaryOperator take, long byteSize) {
    try {
      return take.applyAsLong(byteSize);
    } catch (CapacityException e) {
      if (!trim()) {
        throw e;
      }
      return take.applyAsLong(byteSize);
    }
  }

  /**
   * Gives back what nobody uses.
   *
   * @return whether there was anything
   * @throws KvbmException if some of it could not be given back; the rest was
   */
  public synchronized boolean trim() {
    List<Slab> idle = slabs.stream().filter(slab -> slab.space().isEmpty()).toList();
    slabs.removeAll(idle);
    giveBackAll(idle);
    return !idle.isEmpty();
  }

  /** One that fails does not keep the others. */
  private void giveBackAll(List<Slab> idle) {
    KvbmException failure = null;
    for (Slab slab : idle) {
      try {
        source.giveBack(slab.address(), slab.byteSize());
      } catch (KvbmException e) {
        failure = e;
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  /**
   * Gives memory back.
   *
   * @param memory as {@link #allocate} gave it, once
   */
  public void free(Memory memory) {
    Slab slab = memory.slab;
    Range range = memory.range;
    if (slab == null || range == null) {
      source.giveBack(memory.address, memory.byteSize);
      return;
    }
    synchronized (this) {
      slab.space().giveBack(range);
      if (!slab.space().isEmpty() || slabs.contains(slab) && isOnlyIdle(slab)) {
        return;
      }
      slabs.remove(slab);
    }
    source.giveBack(slab.address(), slab.byteSize());
  }

  private boolean isOnlyIdle(Slab slab) {
    return slabs.stream().noneMatch(other -> other != slab && other.space().isEmpty());
  }
}
