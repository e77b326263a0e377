package io.kvbm.backend.disk.object;

import io.kvbm.backend.disk.CrashTotals;
import io.kvbm.testkit.disk.CrashRuns;
import io.kvbm.testkit.disk.CrashStory;
import io.kvbm.testkit.disk.SimDisk;
import java.util.EnumSet;
import java.util.function.LongFunction;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Power cuts anywhere, also while the store recovers: nothing acknowledged is lost or made up. */
class ObjectCrashTest {
  private static final int MUTANT_SEEDS = 10_000;
  private static final EnumSet<Safeguard> NONE = EnumSet.noneOf(Safeguard.class);
  private static final CrashTotals TOTALS = new CrashTotals("objects", 0.34);

  /** Half of one value and half of another, or the head of one and the bytes of another. */
  private static final UnaryOperator<SimDisk.Builder> MISPLACED_SECTORS =
      disk -> disk.tornSectors().misdirectedWrites(0.02).misdirectedReads(0.005);

  /** A whole value in the place of another. */
  private static final UnaryOperator<SimDisk.Builder> MISPLACED_PAGES =
      disk ->
          disk.tornSectors()
              .misdirectedWrites(0.02)
              .misdirectedReads(0.02)
              .misdirectedUnit(Format.PAGE);

  @AfterAll
  static void powerWasCutInEveryPhase() {
    TOTALS.assertEveryPhase();
  }

  private static CrashRuns honest() {
    return CrashRuns.of("objects on an honest disk").share(0.18);
  }

  private static CrashRuns sectors() {
    return CrashRuns.of("objects on a disk that misplaces sectors")
        .disks(MISPLACED_SECTORS)
        .share(0.06);
  }

  private static CrashRuns pages() {
    return CrashRuns.of("two stores on a disk that misplaces pages")
        .disks(MISPLACED_PAGES)
        .share(0.1);
  }

  @Test
  void nothingAcknowledgedIsLost() {
    TOTALS.add(honest().run(_ -> new ObjectStory(NONE, false)));
  }

  @Test
  void noByteIsWrongWhereBytesAreMisplaced() {
    TOTALS.add(sectors().run(_ -> new ObjectStory(NONE, true)));
    TOTALS.add(pages().run(_ -> new TwinStory(NONE)));
  }

  @Test
  @Tag("slow")
  void theShareOfAMillionSeeds() {
    nothingAcknowledgedIsLost();
    noByteIsWrongWhereBytesAreMisplaced();
  }

  @ParameterizedTest
  @EnumSource
  void eachSafeguardIsMissed(Safeguard safeguard) {
    EnumSet<Safeguard> without = EnumSet.of(safeguard);
    switch (safeguard) {
      case SYNC, DIRECTORY_SYNC ->
          assertMissed(safeguard, honest(), _ -> new ObjectStory(without, false));
      case CRC -> assertMissed(safeguard, sectors(), _ -> new ObjectStory(without, true));
      case KEY_ECHO, GENERATION -> assertMissed(safeguard, pages(), _ -> new TwinStory(without));
    }
  }

  private static void assertMissed(
      Safeguard safeguard, CrashRuns runs, LongFunction<CrashStory> stories) {
    for (long seed = 0; seed < MUTANT_SEEDS; seed++) {
      try {
        runs.runSeed(seed, stories.apply(seed));
      } catch (AssertionError caught) {
        System.out.println("objects without " + safeguard + ": caught at seed " + seed);
        return;
      }
    }
    throw new AssertionError("nobody missed " + safeguard);
  }
}
