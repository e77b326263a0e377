package io.kvbm.backend.disk.object;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.testkit.disk.CrashOracle;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/**
 * Knows which versions of a key a read may find while others change it: none older than what was
 * acknowledged or read before it began, none that nobody has tried to write. Versions of a key
 * count from 1, every fifth is a delete. Each key has one writer; threading: safe from any thread.
 */
final class RaceOracle {

  private static final int DELETES = 5;

  /** The newest versions of one key. */
  private record Known(AtomicLong tried, AtomicLong least) {}

  private final Map<String, Known> keys = new ConcurrentHashMap<>();
  private final LongAdder changes = new LongAdder();
  private final LongAdder reads = new LongAdder();
  private final LongAdder snapshots = new LongAdder();

  static boolean isDelete(long version) {
    return version % DELETES == 0;
  }

  private Known known(String key) {
    return keys.computeIfAbsent(key, _ -> new Known(new AtomicLong(), new AtomicLong()));
  }

  /** {@return the version that the key's only writer writes next} */
  long next(String key) {
    return known(key).tried().incrementAndGet();
  }

  void acknowledged(String key, long version) {
    raise(key, version);
    changes.increment();
  }

  private void raise(String key, long version) {
    known(key).least().accumulateAndGet(version, Math::max);
  }

  /** {@return the version that a read which begins now finds at least} */
  long least(String key) {
    return known(key).least().get();
  }

  /** {@return the version that a read which has ended found at most} */
  long most(String key) {
    return known(key).tried().get();
  }

  void countSnapshot() {
    snapshots.increment();
  }

  /**
   * Checks what a read found that later reads must find as well.
   *
   * @param least what {@link #least} said before the read
   * @param found a version, or {@link CrashOracle#ABSENT}
   */
  void found(String key, long least, long found) {
    raise(key, requirePossible(key, least, found, most(key)));
    reads.increment();
  }

  /** {@return the oldest version that a read can have seen; fails if there is none} */
  long requirePossible(String key, long least, long found, long most) {
    if (found != CrashOracle.ABSENT) {
      assertThat(isDelete(found)).as("%s: version %d is a delete", key, found).isFalse();
      assertThat(found).as("version of %s", key).isBetween(least, most);
      return found;
    }
    long oldest = (least + DELETES - 1) / DELETES * DELETES; // version 0: never written
    assertThat(oldest)
        .as("%s is absent, of versions %d to %d none is a delete", key, least, most)
        .isLessThanOrEqualTo(most);
    return oldest;
  }

  /** Nobody writes any more: every key has its last version. */
  void requireNewest(LogObjectStore store) {
    keys.forEach(
        (key, known) -> {
          long last = known.tried().get();
          assertThat(ObjectFixture.version(store, key))
              .as("last version of %s", key)
              .isEqualTo(isDelete(last) ? CrashOracle.ABSENT : last);
        });
  }

  long reads() {
    return reads.sum();
  }

  String counts() {
    return "%d changes, %d reads, %d snapshots".formatted(changes.sum(), reads(), snapshots.sum());
  }
}
