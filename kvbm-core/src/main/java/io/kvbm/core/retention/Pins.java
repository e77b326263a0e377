package io.kvbm.core.retention;

import io.kvbm.api.CallerException;
import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.block.BlockKey;
import io.kvbm.core.time.Cancellable;
import io.kvbm.core.time.Deadlines;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Keeps blocks in their tier for as long as somebody says: a pinned block is not evicted.
 *
 * <p>Pins are counted per owner and block: a block pinned twice is unpinned twice. A block pinned
 * again stays until the later of both times; when that is over, all pins of the owner on the block
 * end.
 *
 * <p>Threading: safe from any thread, but not to be called under a pool's lock.
 */
public final class Pins implements AutoCloseable {

  /** The pins of one owner on one block. */
  private static final class Pin {
    private int count;
    private long endNanos;
    private @Nullable Cancellable expiry;
  }

  private final RetainedBlocks blocks;
  private final Deadlines deadlines;
  private final Map<String, Map<BlockKey, Pin>> pinsByOwner = new HashMap<>();
  private long expired;
  private long refused;

  /**
   * Creates pins, none yet.
   *
   * @param blocks keeps the blocks of the pool; may be shared with {@link Leases}
   * @param deadlines ends pins; the caller closes them after this
   */
  public Pins(RetainedBlocks blocks, Deadlines deadlines) {
    this.blocks = blocks;
    this.deadlines = deadlines;
  }

  /**
   * Pins those of the blocks that the pool holds.
   *
   * @param owner whose pins they are
   * @param keys the blocks; one that is named twice is pinned twice
   * @param durationNanos how long from now, or {@link Deadlines#NEVER} for no end
   * @return which are pinned and which absent
   * @throws CallerException with {@link ErrorCode#INVALID_ARGUMENT} if the time is not above 0
   * @throws CapacityException with {@link ErrorCode#NOT_ENOUGH_BLOCKS_AVAILABLE} if more would be
   *     kept than may be; nothing was pinned
   */
  public synchronized PinReport pin(String owner, List<BlockKey> keys, long durationNanos) {
    Durations.requirePositive("a pin", durationNanos);
    List<BlockKey> found;
    try {
      found = blocks.retain(keys);
    } catch (CapacityException e) {
      refused++;
      throw e;
    }
    if (!found.isEmpty()) {
      long endNanos = endNanos(durationNanos);
      Map<BlockKey, Pin> pins = pinsByOwner.computeIfAbsent(owner, any -> new LinkedHashMap<>());
      found.forEach(key -> add(owner, pins, key, endNanos));
    }
    Set<BlockKey> absent = new HashSet<>(keys);
    found.forEach(absent::remove);
    return new PinReport(found, keys.stream().filter(absent::contains).toList());
  }

  /**
   * Ends one pin of an owner on each block.
   *
   * @param owner whose pins they are
   * @param keys the blocks; one that the owner has not pinned is left out
   * @return how many pins ended
   */
  public synchronized int unpin(String owner, List<BlockKey> keys) {
    Map<BlockKey, Pin> pins = pinsByOwner.getOrDefault(owner, Map.of());
    List<BlockKey> ended = new ArrayList<>();
    for (BlockKey key : keys) {
      Pin pin = pins.get(key);
      if (pin == null) {
        continue;
      }
      ended.add(key);
      if (--pin.count == 0) {
        cancelExpiry(pin);
        remove(owner, key);
      }
    }
    blocks.release(ended);
    return ended.size();
  }

  /**
   * Ends all pins of an owner.
   *
   * @param owner whose pins they are
   * @return how many pins ended
   */
  public synchronized int release(String owner) {
    Map<BlockKey, Pin> pins = pinsByOwner.remove(owner);
    if (pins == null) {
      return 0;
    }
    List<BlockKey> ended = new ArrayList<>();
    pins.forEach(
        (key, pin) -> {
          cancelExpiry(pin);
          ended.addAll(Collections.nCopies(pin.count, key));
        });
    blocks.release(ended);
    return ended.size();
  }

  /** {@return what is pinned} */
  public synchronized PinStatistics statistics() {
    Map<String, PinStatistics.OwnerPins> byOwner = new HashMap<>();
    pinsByOwner.forEach(
        (owner, pins) ->
            byOwner.put(
                owner,
                new PinStatistics.OwnerPins(pins.size(), pins.size() * blocks.blockByteSize())));
    return new PinStatistics(byOwner, blocks.blockCount(), blocks.maxBlocks(), expired, refused);
  }

  /** Ends all pins. Idempotent. */
  @Override
  public synchronized void close() {
    List.copyOf(pinsByOwner.keySet()).forEach(this::release);
  }

  private long endNanos(long durationNanos) {
    long now = deadlines.nanoTime();
    return durationNanos > Deadlines.NEVER - Math.max(0, now)
        ? Deadlines.NEVER
        : now + durationNanos;
  }

  private void add(String owner, Map<BlockKey, Pin> pins, BlockKey key, long endNanos) {
    Pin pin = pins.computeIfAbsent(key, any -> new Pin());
    pin.count++;
    if (pin.count > 1 && endNanos <= pin.endNanos) {
      return;
    }
    cancelExpiry(pin);
    pin.endNanos = endNanos;
    pin.expiry = deadlines.schedule(endNanos, () -> expire(owner, key, pin));
  }

  private synchronized void expire(String owner, BlockKey key, Pin pin) {
    Map<BlockKey, Pin> pins = pinsByOwner.get(owner);
    if (pins == null || pins.get(key) != pin || deadlines.nanoTime() < pin.endNanos) {
      return; // ended or pinned for longer in the meantime
    }
    remove(owner, key);
    expired += pin.count;
    blocks.release(Collections.nCopies(pin.count, key));
  }

  private void remove(String owner, BlockKey key) {
    Map<BlockKey, Pin> pins = pinsByOwner.get(owner);
    if (pins != null && pins.remove(key) != null && pins.isEmpty()) {
      pinsByOwner.remove(owner);
    }
  }

  private static void cancelExpiry(Pin pin) {
    if (pin.expiry != null) {
      pin.expiry.cancel();
    }
  }
}
