package io.kvbm.testkit.disk;

/** What happened to a disk and those it was rebooted from. Guarded by the disk. */
final class SimHistory {

  private final long[] crashes = new long[CrashPhase.values().length];
  private long misdirected;

  @SuppressWarnings("EnumOrdinal") // an index
  void crashed(CrashPhase phase) {
    crashes[phase.ordinal()]++;
  }

  @SuppressWarnings("EnumOrdinal") // an index
  long crashes(CrashPhase phase) {
    return crashes[phase.ordinal()];
  }

  void hasMisdirected() {
    misdirected++;
  }

  long misdirected() {
    return misdirected;
  }
}
