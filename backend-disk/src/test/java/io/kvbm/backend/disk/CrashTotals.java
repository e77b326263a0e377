package io.kvbm.backend.disk;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.testkit.disk.CrashPhase;
import io.kvbm.testkit.disk.CrashReport;
import io.kvbm.testkit.disk.CrashRuns;
import java.util.EnumSet;
import org.jspecify.annotations.Nullable;

/**
 * Adds up what the runs of one store did, and those of all stores: they share 10,000 seeds, of
 * which each phase has to be cut often. For one thread.
 */
public final class CrashTotals {

  private static final int ENOUGH = 1000;
  private static final EnumSet<CrashPhase> PHASES =
      EnumSet.of(
          CrashPhase.WRITE,
          CrashPhase.SYNC,
          CrashPhase.RENAME,
          CrashPhase.ALLOCATE,
          CrashPhase.RECOVERY);

  private static @Nullable CrashReport all;

  private final String store;
  private final double share;
  private @Nullable CrashReport sum;

  /**
   * Creates the sum of nothing.
   *
   * @param store its name
   * @param share the part of all seeds that the runs of this store have together
   */
  public CrashTotals(String store, double share) {
    this.store = store;
    this.share = share;
  }

  /**
   * Takes a report in and prints it.
   *
   * @param report of a run of this store
   */
  public void add(CrashReport report) {
    System.out.println(report);
    sum = sum == null ? report : sum.plus(store + " in all", report);
    all = all == null ? report : all.plus("all stores of this process", report);
  }

  /** Prints the sums; asserts, where every run was, that power was cut often in every phase. */
  public void assertEveryPhase() {
    CrashReport told = sum;
    if (told == null) {
      return;
    }
    System.out.println(told);
    System.out.println(all);
    boolean whole = Long.getLong(CrashRuns.SEED_COUNT) == null && told.seeds() >= share * 10_000;
    if (whole) {
      for (CrashPhase phase : PHASES) {
        assertThat(told.crashes(phase))
            .as("power cuts of %s in %s", store, phase)
            .isGreaterThan(ENOUGH);
      }
    }
  }
}
