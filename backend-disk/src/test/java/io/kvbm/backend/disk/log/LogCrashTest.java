package io.kvbm.backend.disk.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.backend.disk.CrashTotals;
import io.kvbm.testkit.disk.CrashRuns;
import io.kvbm.testkit.disk.SimDisk;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Logs whose power is cut anywhere, and mutants that must not survive that. */
class LogCrashTest {
  private static final int MUTANT_SEEDS = 10_000;
  private static final CrashTotals TOTALS = new CrashTotals("log", 0.33);

  @AfterAll
  static void powerWasCutInEveryPhase() {
    TOTALS.assertEveryPhase();
  }

  private static CrashRuns runs() {
    return CrashRuns.of("log").share(0.25);
  }

  @Test
  void nothingSyncedIsLostAndNothingIsMadeUp() {
    TOTALS.add(runs().run(_ -> LogStory.sound()));
  }

  @Test
  void aDiskThatLiesOrGoesAstrayMayLoseButNeverGivesWrongRecords() {
    TOTALS.add(
        CrashRuns.of("log on a disk whose syncs lie")
            .share(0.02)
            .disks(disk -> disk.tornSectors().lyingSync())
            .run(_ -> new LogStory(LogChecks.ALL, true)));
    TOTALS.add(
        CrashRuns.of("log on a disk that misdirects")
            .share(0.02)
            .disks(disk -> disk.tornSectors().misdirectedWrites(0.01).misdirectedReads(0.01))
            .run(_ -> new LogStory(LogChecks.ALL, true)));
  }

  @Test
  void shortTransfersAndOtherAlignmentsChangeNothing() {
    TOTALS.add(
        CrashRuns.of("log with short transfers")
            .share(0.02)
            .disks(disk -> disk.tornSectors().shortTransfers(0.5))
            .run(_ -> LogStory.sound()));
    TOTALS.add(
        CrashRuns.of("log through the page cache")
            .share(0.02)
            .disks(disk -> disk.tornSectors().directAlignment(0))
            .run(_ -> LogStory.sound()));
  }

  @Test
  @Tag("slow")
  void theShareOfAMillionSeeds() {
    nothingSyncedIsLostAndNothingIsMadeUp();
    aDiskThatLiesOrGoesAstrayMayLoseButNeverGivesWrongRecords();
    shortTransfersAndOtherAlignmentsChangeNothing();
  }

  static Stream<LogChecks> mutants() {
    return Stream.of(
        new LogChecks(false, true, true, true, true),
        new LogChecks(true, false, true, true, true),
        new LogChecks(true, true, false, true, true),
        new LogChecks(true, true, true, false, true));
  }

  @ParameterizedTest
  @MethodSource
  void mutants(LogChecks mutant) {
    for (long seed = 0; seed < MUTANT_SEEDS; seed++) {
      try {
        runs().runSeed(seed, new LogStory(mutant, false));
      } catch (AssertionError caught) {
        System.out.println("log with " + mutant + ": caught at seed " + seed);
        return;
      }
    }
    throw new AssertionError("nobody missed what is left out: " + mutant);
  }

  @Test
  void theSameSeedTellsTheSameStory() {
    for (long seed = 0; seed < 5; seed++) {
      SimDisk one = runs().runSeed(seed, LogStory.sound());
      SimDisk other = runs().runSeed(seed, LogStory.sound());
      assertThat(one.calls()).as("seed %d", seed).isEqualTo(other.calls());
    }
  }
}
