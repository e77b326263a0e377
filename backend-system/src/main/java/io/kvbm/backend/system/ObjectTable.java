package io.kvbm.backend.system;

import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.spi.Clock;
import io.kvbm.api.store.ObjectStat;
import io.kvbm.api.store.PutOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Values by key, each held once by the table. Keys are ASCII, so that the order of characters is
 * that of bytes. Threading: safe from any thread; a change is seen whole or not at all.
 */
final class ObjectTable {

  private static final Duration FOREVER = Duration.ofNanos(ObjectValue.NEVER);

  private final Clock clock;
  private final TreeMap<String, ObjectValue> values = new TreeMap<>();
  private long lastVersion;

  ObjectTable(Clock clock) {
    this.clock = clock;
  }

  /**
   * A value to be put, or a key to be deleted.
   *
   * @param key the key
   * @param block the new bytes, held once, or null where there are none
   * @param byteSize how many of them are the value
   * @param options how to put it; null deletes
   */
  record Change(
      String key, @Nullable SharedBlock block, long byteSize, @Nullable PutOptions options) {
    void discard() {
      if (block != null) {
        block.release();
      }
    }
  }

  /** {@return the value under a key, held for the caller} */
  synchronized @Nullable ObjectValue hold(String key) {
    ObjectValue value = live(key);
    if (value != null) {
      value.retain();
    }
    return value;
  }

  synchronized Optional<ObjectStat> stat(String key) {
    return Optional.ofNullable(live(key)).map(value -> value.stat(key));
  }

  synchronized List<ObjectStat> list(String prefix, String after, int limit) {
    List<ObjectStat> found = new ArrayList<>();
    boolean fromPrefix = prefix.compareTo(after) > 0;
    var tail = values.tailMap(fromPrefix ? prefix : after, fromPrefix);
    long now = clock.nanoTime();
    for (Map.Entry<String, ObjectValue> entry : tail.entrySet()) {
      if (found.size() == limit || !entry.getKey().startsWith(prefix)) {
        break;
      }
      if (!entry.getValue().isExpired(now)) {
        found.add(entry.getValue().stat(entry.getKey()));
      }
    }
    return found;
  }

  /**
   * Applies changes in order, all or none.
   *
   * @return for each change what is known of the object after it; empty for one that deleted
   *     nothing
   * @throws CallerException if a condition does not hold; nothing changed and the blocks stay the
   *     caller's
   */
  synchronized List<Optional<ObjectStat>> apply(List<Change> changes) {
    Map<String, Optional<ObjectValue>> next = new HashMap<>();
    List<ObjectValue> superseded = new ArrayList<>();
    List<Optional<ObjectStat>> results = new ArrayList<>();
    long version = lastVersion;
    for (Change change : changes) {
      Optional<ObjectValue> before =
          next.getOrDefault(change.key(), Optional.ofNullable(live(change.key())));
      Optional<ObjectValue> after = Optional.empty();
      if (change.options() == null) {
        results.add(before.map(value -> value.stat(change.key())));
      } else {
        check(change.key(), change.options(), before);
        after = Optional.of(value(change, change.options(), ++version));
        results.add(after.map(value -> value.stat(change.key())));
      }
      Optional<ObjectValue> staged = next.put(change.key(), after);
      if (staged != null) {
        staged.ifPresent(superseded::add);
      }
    }
    lastVersion = version;
    next.forEach(this::replace);
    superseded.forEach(ObjectValue::release);
    return results;
  }

  private void replace(String key, Optional<ObjectValue> value) {
    ObjectValue former = value.isPresent() ? values.put(key, value.get()) : values.remove(key);
    if (former != null) {
      former.release();
    }
  }

  private ObjectValue value(Change change, PutOptions options, long version) {
    Duration timeToLive = options.timeToLive();
    long expiresAfterNanos =
        timeToLive == null || timeToLive.compareTo(FOREVER) >= 0
            ? ObjectValue.NEVER
            : timeToLive.toNanos();
    return new ObjectValue(
        change.block(), change.byteSize(), clock.nanoTime(), expiresAfterNanos, version);
  }

  private static void check(String key, PutOptions options, Optional<ObjectValue> before) {
    switch (options.condition()) {
      case ALWAYS -> {}
      case IF_ABSENT -> {
        if (before.isPresent()) {
          throw new CallerException(
              ErrorCode.PRECONDITION_FAILED,
              "object '%s' exists, version %d".formatted(key, before.get().version()));
        }
      }
      case IF_VERSION -> {
        if (before.isEmpty() || before.get().version() != options.version()) {
          throw new CallerException(
              ErrorCode.PRECONDITION_FAILED,
              "object '%s' %s, wanted version %d"
                  .formatted(
                      key,
                      before.map(value -> "has version " + value.version()).orElse("is absent"),
                      options.version()));
        }
      }
    }
  }

  /** Fills another table with what this one holds now. */
  synchronized void copyTo(ObjectTable other) {
    long now = clock.nanoTime();
    values.forEach(
        (key, value) -> {
          if (!value.isExpired(now)) {
            value.retain();
            other.values.put(key, value);
          }
        });
  }

  /** Lets go of every value. */
  synchronized void clear() {
    values.values().forEach(ObjectValue::release);
    values.clear();
  }

  private @Nullable ObjectValue live(String key) {
    ObjectValue value = values.get(key);
    if (value == null || !value.isExpired(clock.nanoTime())) {
      return value;
    }
    values.remove(key);
    value.release();
    return null;
  }
}
