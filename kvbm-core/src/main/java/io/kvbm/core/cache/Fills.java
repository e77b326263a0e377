package io.kvbm.core.cache;

import io.kvbm.api.ClosedException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.storage.Storage;
import io.kvbm.api.store.ObjectStore;
import java.lang.foreign.MemorySegment;
import java.util.OptionalLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Changes the cache: room is taken under the lock, bytes are brought without it, and the value
 * appears under it again. Calls for one key take effect in the order in which they were begun.
 * Threading: safe from any thread.
 */
final class Fills {

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition idle = lock.newCondition();
  private final KeyOrder order = new KeyOrder();
  private final Residents residents;
  private final Carrier carrier;
  private final Storage slab;
  private int running;
  private volatile boolean closed;

  Fills(Residents residents, Carrier carrier, Storage slab) {
    this.residents = residents;
    this.carrier = carrier;
    this.slab = slab;
  }

  void requireOpen() {
    if (closed) {
      throw new ClosedException(ErrorCode.CLOSED, "the device cache is closed; create another one");
    }
  }

  // ---- writes

  /** A write is asked for; {@link #write} or {@link #withdraw} follows. Returns its ticket. */
  long announce(String key, long byteSize) {
    lock.lock();
    try {
      requireOpen();
      residents.checkByteSize(key, byteSize);
      return order.beginWrite(key);
    } finally {
      lock.unlock();
    }
  }

  /** A write that was announced will not come. */
  void withdraw(String key) {
    lock.lock();
    try {
      order.end(key);
    } finally {
      lock.unlock();
    }
  }

  /** Does a write that was announced, and waits for its end. */
  void write(String key, MemorySegment data, long ticket) {
    SlabRange range = reserveToWrite(key, data.byteSize());
    try {
      carrier.carry(data, range.offset);
    } catch (RuntimeException | Error e) {
      endWrite(key, range, e, () -> forgetOlder(key, ticket));
      throw e;
    }
    endWrite(key, range, null, () -> publish(key, data.byteSize(), ticket, range));
  }

  private SlabRange reserveToWrite(String key, long byteSize) {
    lock.lock();
    try {
      requireOpen();
      SlabRange range = residents.reserve(key, byteSize);
      running++;
      return range;
    } catch (RuntimeException | Error e) {
      order.end(key);
      throw e;
    } finally {
      lock.unlock();
    }
  }

  private void endWrite(
      String key, SlabRange range, @Nullable Throwable failure, Runnable conclusion) {
    lock.lock();
    try {
      if (failure != null) {
        dropRange(range, failure);
      }
      conclusion.run();
    } finally {
      order.end(key);
      leave();
      lock.unlock();
    }
  }

  private void publish(String key, long byteSize, long ticket, SlabRange range) {
    if (order.isOvertaken(key, ticket)) {
      residents.giveBack(range);
    } else {
      order.takeEffect(key, ticket);
      residents.publish(key, range, byteSize);
    }
  }

  /** A write failed: what was there before is not what its caller wants there. */
  private void forgetOlder(String key, long ticket) {
    if (!order.isOvertaken(key, ticket)) {
      order.takeEffect(key, ticket);
      residents.remove(key);
    }
  }

  private void dropRange(SlabRange range, Throwable failure) {
    if (failure instanceof ClosedException) {
      // An engine that closes may leave a transfer behind, which writes there later.
      residents.giveUp(range);
    } else {
      residents.giveBack(range);
    }
  }

  // ---- loads

  /**
   * Looks once more whether a key is there, and reads it through.
   *
   * @param key what is missing
   * @param store where it may be
   * @param settled run under the lock when the answer is certain: later callers must ask anew
   * @return the device pointer, empty if the store has no such object, or null if the key was
   *     changed meanwhile, so that the load is to be repeated
   */
  @Nullable OptionalLong tryLoad(String key, ObjectStore store, Runnable settled) {
    long ticket = beginLoad(key);
    Brought brought = new Brought();
    try (StagedObject object =
        carrier.read(store, key, size -> residents.checkByteSize(key, size))) {
      if (object != null) {
        brought.byteSize = object.byteSize();
        brought.range = reserve(key, object.byteSize());
        carrier.carry(object, brought.range.offset);
      }
      return settle(key, ticket, brought, settled);
    } catch (RuntimeException | Error e) {
      dropLoad(brought, e);
      throw e;
    } finally {
      endLoad(key);
    }
  }

  /** What a load has so far. */
  private static final class Brought {
    private @Nullable SlabRange range;
    private long byteSize;
  }

  private long beginLoad(String key) {
    lock.lock();
    try {
      requireOpen();
      running++;
      return order.beginLoad(key);
    } finally {
      lock.unlock();
    }
  }

  private SlabRange reserve(String key, long byteSize) {
    lock.lock();
    try {
      return residents.reserve(key, byteSize);
    } finally {
      lock.unlock();
    }
  }

  private @Nullable OptionalLong settle(
      String key, long ticket, Brought brought, Runnable settled) {
    lock.lock();
    try {
      SlabRange range = brought.range;
      brought.range = null;
      CachedValue value = residents.find(key);
      boolean overtaken = order.isOvertaken(key, ticket);
      if (range != null) {
        if (value == null && !overtaken) {
          value = residents.publish(key, range, brought.byteSize);
        } else {
          residents.giveBack(range);
        }
      }
      if (value == null && overtaken) {
        return null;
      }
      settled.run();
      return value == null ? OptionalLong.empty() : value.pointer;
    } finally {
      lock.unlock();
    }
  }

  private void dropLoad(Brought brought, Throwable failure) {
    lock.lock();
    try {
      if (brought.range != null) {
        dropRange(brought.range, failure);
      }
    } finally {
      lock.unlock();
    }
  }

  private void endLoad(String key) {
    lock.lock();
    try {
      order.end(key);
      leave();
    } finally {
      lock.unlock();
    }
  }

  private void leave() {
    if (--running == 0) {
      idle.signalAll();
    }
  }

  // ---- the rest

  boolean remove(String key) {
    lock.lock();
    try {
      requireOpen();
      boolean overtook = order.overtake(key);
      return residents.remove(key) || overtook;
    } finally {
      lock.unlock();
    }
  }

  /** The last pin of a dead value was closed. */
  void free(CachedValue value) {
    lock.lock();
    try {
      residents.giveBack(value.range);
      closeSlabIfIdle();
    } finally {
      lock.unlock();
    }
  }

  long evictions() {
    lock.lock();
    try {
      return residents.evictions();
    } finally {
      lock.unlock();
    }
  }

  long usedByteSize() {
    lock.lock();
    try {
      return residents.usedByteSize();
    } finally {
      lock.unlock();
    }
  }

  /** Waits for what runs, then lets every value go; returns whether this is the first call. */
  boolean close() {
    lock.lock();
    try {
      if (closed) {
        return false;
      }
      closed = true;
      while (running > 0) {
        idle.awaitUninterruptibly();
      }
      residents.clear();
      closeSlabIfIdle();
      return true;
    } finally {
      lock.unlock();
    }
  }

  private void closeSlabIfIdle() {
    if (closed && running == 0 && residents.isSlabIdle()) {
      slab.close();
    }
  }
}
