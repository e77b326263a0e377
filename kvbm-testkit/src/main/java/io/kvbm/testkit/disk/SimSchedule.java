package io.kvbm.testkit.disk;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What is to happen to which call of a disk. Guarded by the disk. */
final class SimSchedule {

  private static final long NEVER = Long.MAX_VALUE;

  private final Map<Long, SimFault> faults = new HashMap<>();
  private final Set<Long> stalls = new HashSet<>();
  private final Set<Long> waiting = new HashSet<>();
  private final Set<Long> shortened = new HashSet<>();
  private long shortenedFrom = NEVER;
  private long stickyFrom = NEVER;
  private @Nullable SimFault sticky;
  private long cutCall = NEVER;
  private @Nullable CrashPhase cutPhase;
  private long cutCountdown;
  private boolean empty = true;

  boolean isEmpty() {
    return empty;
  }

  void clear() {
    faults.clear();
    shortened.clear();
    shortenedFrom = NEVER;
    release();
    sticky = null;
    stickyFrom = NEVER;
    cutCall = NEVER;
    cutPhase = null;
    empty = true;
  }

  void failAt(long call, SimFault fault) {
    faults.put(call, fault);
    empty = false;
  }

  void failFrom(long call, SimFault fault) {
    stickyFrom = call;
    sticky = fault;
    empty = false;
  }

  void shortenAt(long call) {
    shortened.add(call);
    empty = false;
  }

  void shortenFrom(long call) {
    shortenedFrom = call;
    empty = false;
  }

  boolean shortens(long call) {
    return !empty && (call >= shortenedFrom || shortened.contains(call));
  }

  void cutAt(long call) {
    cutCall = call;
    empty = false;
  }

  void cutAt(CrashPhase phase, long number) {
    cutPhase = phase;
    cutCountdown = number;
    empty = false;
  }

  void stallAt(long call) {
    stalls.add(call);
    empty = false;
  }

  void release() {
    stalls.clear();
  }

  int waiting() {
    return waiting.size();
  }

  /** {@return whether the call has to wait; it asks again when woken} */
  boolean holds(long call) {
    boolean held = stalls.contains(call);
    if (held) {
      waiting.add(call);
    }
    return held;
  }

  void goesOn(long call) {
    waiting.remove(call);
    stalls.remove(call);
  }

  boolean takesCut(long call, CrashPhase phase) {
    if (call == cutCall) {
      return true;
    }
    return phase == cutPhase && --cutCountdown == 0;
  }

  @Nullable SimFault takeFault(long call, SimOperation operation) {
    SimFault once = faults.remove(call);
    if (once != null || call < stickyFrom) {
      return once;
    }
    boolean spared = sticky == SimFault.ENOSPC && !operation.takesSpace();
    return spared ? null : sticky;
  }
}
