package io.kvbm.backend.disk.log;

import io.kvbm.api.CapacityException;
import io.kvbm.api.CorruptionException;
import io.kvbm.api.KvbmException;
import io.kvbm.api.store.Durability;
import io.kvbm.backend.disk.io.SingleThreadEngine;
import io.kvbm.testkit.disk.CrashPhase;
import io.kvbm.testkit.disk.CrashStory;
import io.kvbm.testkit.disk.SimDisk;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * A log and what it must remember: every record that was synced, of the others the first ones
 * without a hole, each with its bytes and a number that no other record ever had.
 */
final class LogStory implements CrashStory {

  static final Path DIRECTORY = Path.of("/logs/log");
  private static final int SEGMENT = 32 << 10;

  private final LogChecks checks;

  /** Where syncs lie: records may be missing and the log may be refused, but nothing is wrong. */
  private final boolean lenient;

  /**
   * What each number was given to. Where syncs lie, a log may be lost and another one begin with
   * the same numbers, then lose that in turn and be the former one again: each opening goes on from
   * one of the logs there were, and what is found is of one of them throughout.
   */
  private final List<Map<Long, byte[]>> given = new ArrayList<>(List.of(new HashMap<>()));

  /** Those that what was replayed last is of. */
  private final List<Map<Long, byte[]>> fitting = new ArrayList<>();

  /** What may be in the log, in order. */
  private final List<Long> records = new ArrayList<>();

  /** How many of the records certainly are. */
  private int durable;

  private long highest;
  private long dropped = 1;
  private long counter;
  private boolean refused;
  private SimDisk disk = SimDisk.of(0);
  private @Nullable DiskLog log;

  LogStory(LogChecks checks, boolean lenient) {
    this.checks = checks;
    this.lenient = lenient;
  }

  static LogStory sound() {
    return new LogStory(LogChecks.ALL, false);
  }

  @Override
  public void open(SimDisk found) {
    disk = found;
    SegmentFiles files =
        new SegmentFiles(
            found,
            new SingleThreadEngine(),
            DIRECTORY,
            new LogSettings(SEGMENT, true, false),
            checks);
    try {
      log = DiskLog.open(files, Runnable::run, () -> {});
      List<Long> replayed = replay();
      if (lenient) {
        given.add(new HashMap<>(fitting.getLast()));
      } else {
        assertKept(replayed);
      }
      records.clear();
      records.addAll(replayed);
      durable = replayed.size();
      if (!lenient) {
        assertFresh();
      }
    } catch (CorruptionException e) {
      if (!lenient) {
        throw new AssertionError("a log that only lost power is refused", e);
      }
      refused = true;
    }
  }

  private DiskLog log() {
    return Objects.requireNonNull(log);
  }

  private void assertFresh() {
    if (log().nextSequence() <= highest) {
      throw new AssertionError(
          "number %d is to be given though %d was".formatted(log().nextSequence(), highest));
    }
  }

  /** {@return the numbers found, each with the bytes it was given to} */
  private List<Long> replay() {
    List<Long> replayed = new ArrayList<>();
    fitting.clear();
    fitting.addAll(lenient ? given : List.of(given.getLast()));
    log()
        .replay(
            1,
            (sequence, bytes) -> {
              byte[] found = bytes.toArray(ValueLayout.JAVA_BYTE);
              fitting.removeIf(each -> !Arrays.equals(each.get(sequence), found));
              if (fitting.isEmpty()) {
                throw new AssertionError("record " + sequence + " is not what was appended");
              }
              if (!replayed.isEmpty() && replayed.getLast() >= sequence) {
                throw new AssertionError("record %d behind %s".formatted(sequence, replayed));
              }
              replayed.add(sequence);
              return true;
            });
    return replayed;
  }

  private void assertKept(List<Long> replayed) {
    int start = replayed.isEmpty() ? records.size() : records.indexOf(replayed.getFirst());
    for (int i = 0; i < Math.max(0, start); i++) {
      boolean mayBeGone = records.get(i) < dropped || (replayed.isEmpty() && i >= durable);
      if (!mayBeGone) {
        throw new AssertionError(
            "record %d of %s is gone: %s".formatted(records.get(i), records, replayed));
      }
    }
    int end = start + replayed.size();
    boolean fits =
        start >= 0 && end <= records.size() && records.subList(start, end).equals(replayed);
    if (!fits || (end < durable && !replayed.isEmpty())) {
      throw new AssertionError(
          "found %s, of %s the first %d are synced".formatted(replayed, records, durable));
    }
  }

  @Override
  public void work(SplittableRandom random, int operations) {
    try {
      operate(random, operations);
    } catch (CorruptionException e) {
      if (!lenient) {
        throw new AssertionError("a log that only lost power is damaged", e);
      }
      refused = true;
    }
  }

  private void operate(SplittableRandom random, int operations) {
    for (int i = 0; i < operations && !refused; i++) {
      switch (random.nextInt(16)) {
        case 0 -> {
          log().sync();
          durable = records.size();
        }
        case 1 -> truncate(random);
        case 2 -> assertReplay();
        case 3 -> {
          if (random.nextInt(4) == 0) {
            close();
            open(disk);
          }
        }
        default -> append(random);
      }
    }
  }

  private void assertReplay() {
    List<Long> replayed = replay();
    if (lenient) {
      return; // a read may have gone astray
    }
    if (replayed.isEmpty()
        ? !records.isEmpty() && records.getLast() >= dropped
        : !endsWith(replayed)) {
      throw new AssertionError("replayed %s of %s".formatted(replayed, records));
    }
  }

  private boolean endsWith(List<Long> replayed) {
    int start = records.size() - replayed.size();
    return start >= 0
        && records.subList(start, records.size()).equals(replayed)
        && (start == 0 || records.get(start - 1) < dropped);
  }

  private void truncate(SplittableRandom random) {
    long next = log().nextSequence();
    long before = Math.max(1, next - random.nextInt(40));
    dropped = Math.max(dropped, before);
    log().truncateBefore(before);
  }

  private void append(SplittableRandom random) {
    int byteSize = random.nextInt(random.nextInt(8) == 0 ? 7000 : 300);
    byte[] bytes = new byte[byteSize];
    new SplittableRandom(++counter).nextBytes(bytes);
    long number = log().nextSequence();
    if (!lenient) {
      assertFresh();
    }
    highest = Math.max(highest, number);
    given.getLast().put(number, bytes);
    records.add(number);
    Durability durability = durability(random.nextInt(6));
    try {
      long got =
          log().append(MemorySegment.ofArray(bytes), durability).toCompletableFuture().join();
      if (got != number) {
        throw new AssertionError("number %d, expected %d".formatted(got, number));
      }
      if (durability == Durability.SYNCED) {
        durable = records.size();
      }
    } catch (CompletionException e) {
      if (e.getCause() instanceof CapacityException) {
        records.removeLast(); // certainly not in the log, and its number is free
        given.getLast().remove(number);
        highest = number - 1;
      }
      throw e.getCause() instanceof KvbmException cause ? cause : e;
    }
  }

  private static Durability durability(int choice) {
    return switch (choice) {
      case 0, 1 -> Durability.NONE;
      case 2 -> Durability.WRITTEN;
      default -> Durability.SYNCED;
    };
  }

  @Override
  public void abandon() {
    DiskLog left = log;
    log = null;
    if (left != null) {
      try {
        left.close();
      } catch (KvbmException e) {
        // The disk is off.
      }
    }
  }

  @Override
  public void close() {
    if (log != null) {
      log().close();
      durable = records.size();
      log = null;
    }
  }

  @Override
  public int usualCalls(CrashPhase phase) {
    return switch (phase) {
      case WRITE, SYNC -> 40;
      case RENAME -> 8;
      case ALLOCATE -> 6;
      case RECOVERY -> 30;
      case READ, IDLE -> 1;
    };
  }
}
