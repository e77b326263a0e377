package io.kvbm.core.cache;

import java.util.HashMap;
import java.util.Map;

/**
 * The order of calls for one key, where some of them take long: what was overtaken by a later write
 * or removal must not take effect any more. Guarded by the cache's lock.
 */
final class KeyOrder {

  /** What is known of a key while something is under way for it. */
  private static final class Pending {
    private int count;
    private long lastWrite;
    private long lastEffect;
  }

  private final Map<String, Pending> pending = new HashMap<>();
  private long tickets;

  /** A write begins; returns its ticket. */
  long beginWrite(String key) {
    Pending known = join(key);
    known.lastWrite = ++tickets;
    return known.lastWrite;
  }

  /** A load begins; returns its ticket. */
  long beginLoad(String key) {
    join(key);
    return ++tickets;
  }

  private Pending join(String key) {
    Pending known = pending.computeIfAbsent(key, _ -> new Pending());
    known.count++;
    return known;
  }

  /** {@return whether a later write or removal took effect} */
  boolean isOvertaken(String key, long ticket) {
    Pending known = pending.get(key);
    return known != null && known.lastEffect > ticket;
  }

  /** A write takes effect. */
  void takeEffect(String key, long ticket) {
    Pending known = pending.get(key);
    if (known != null) {
      known.lastEffect = Math.max(known.lastEffect, ticket);
    }
  }

  /** A removal takes effect; returns whether it overtakes a write. */
  boolean overtake(String key) {
    Pending known = pending.get(key);
    if (known == null) {
      return false;
    }
    boolean write = known.lastWrite > known.lastEffect;
    known.lastEffect = ++tickets;
    return write;
  }

  /** What was begun has ended, one way or another. */
  void end(String key) {
    pending.computeIfPresent(key, (_, known) -> --known.count == 0 ? null : known);
  }
}
