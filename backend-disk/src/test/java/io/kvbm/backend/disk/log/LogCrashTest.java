package io.kvbm.backend.disk.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.kvbm.testkit.disk.CrashPhase;
import io.kvbm.testkit.disk.CrashReport;
import io.kvbm.testkit.disk.CrashRuns;
import io.kvbm.testkit.disk.SimDisk;
import java.util.EnumSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Logs whose power is cut anywhere, and mutants that must not survive that. */
class LogCrashTest {

  private static final double SHARE = 0.3;

  private static CrashRuns runs() {
    return CrashRuns.of("log").share(SHARE);
  }

  @Test
  void nothingSyncedIsLostAndNothingIsMadeUp() {
    CrashReport report = runs().run(_ -> LogStory.sound());
    System.out.println(report);
    if (Long.getLong(CrashRuns.SEED_COUNT) == null) {
      for (CrashPhase phase :
          EnumSet.of(
              CrashPhase.WRITE,
              CrashPhase.SYNC,
              CrashPhase.RENAME,
              CrashPhase.ALLOCATE,
              CrashPhase.RECOVERY)) {
        assertThat(report.crashes(phase)).as("power cuts in %s", phase).isGreaterThan(300);
      }
    }
  }

  @Test
  void aDiskThatLiesOrGoesAstrayMayLoseButNeverGivesWrongRecords() {
    CrashReport lying =
        CrashRuns.of("log on a disk whose syncs lie")
            .share(0.02)
            .disks(disk -> disk.tornSectors().lyingSync())
            .run(_ -> new LogStory(LogChecks.ALL, true));
    CrashReport astray =
        CrashRuns.of("log on a disk that misdirects")
            .share(0.03)
            .disks(disk -> disk.tornSectors().misdirectedWrites(0.01).misdirectedReads(0.01))
            .run(_ -> new LogStory(LogChecks.ALL, true));
    System.out.println(lying + System.lineSeparator() + astray);
  }

  @Test
  void shortTransfersAndOtherAlignmentsChangeNothing() {
    CrashRuns.of("log with short transfers")
        .share(0.02)
        .disks(disk -> disk.tornSectors().shortTransfers(0.5))
        .run(_ -> LogStory.sound());
    CrashRuns.of("log through the page cache")
        .share(0.02)
        .disks(disk -> disk.tornSectors().directAlignment(0))
        .run(_ -> LogStory.sound());
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
    assertThatThrownBy(() -> CrashRuns.of("mutant").run(_ -> new LogStory(mutant, false)))
        .as("%s survives", mutant)
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("mutant, seed ");
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
