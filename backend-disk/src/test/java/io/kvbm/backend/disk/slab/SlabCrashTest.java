package io.kvbm.backend.disk.slab;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.backend.disk.CrashTotals;
import io.kvbm.testkit.disk.CrashReport;
import io.kvbm.testkit.disk.CrashRuns;
import io.kvbm.testkit.disk.CrashStory;
import io.kvbm.testkit.disk.SimDisk;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongFunction;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Power cuts, torn sectors, lost and misdirected writes: never a wrong block. */
class SlabCrashTest {

  private static final int MUTANT_SEEDS = 10_000;
  private static final CrashTotals TOTALS = new CrashTotals("blocks", 0.33);

  private static final UnaryOperator<SimDisk.Builder> LIARS =
      disk -> disk.tornSectors().misdirectedWrites(0.01).misdirectedReads(0.005);

  @AfterAll
  static void powerWasCutInEveryPhase() {
    TOTALS.assertEveryPhase();
  }

  private static CrashRuns liars() {
    return CrashRuns.of("blocks on a disk that loses and misplaces").disks(LIARS).share(0.17);
  }

  private static CrashRuns honest() {
    return CrashRuns.of("blocks on an honest disk").share(0.16);
  }

  @Test
  void aReadGivesTheBytesOfItsKeyAndGenerationOrNothing() {
    LongAdder hits = new LongAdder();
    CrashReport report = liars().run(seed -> SlabStory.losing(seed, SlotChecks.all(), hits));
    TOTALS.add(report);
    assertThat(hits.sum()).as("blocks read").isGreaterThan(report.seeds());
  }

  @Test
  void aDiskThatOnlyLosesPowerLosesNothingElse() {
    TOTALS.add(honest().run(SlabStory::honest));
  }

  @Test
  @Tag("slow")
  void theShareOfAMillionSeeds() {
    aReadGivesTheBytesOfItsKeyAndGenerationOrNothing();
    aDiskThatOnlyLosesPowerLosesNothingElse();
  }

  @ParameterizedTest
  @EnumSource(names = {"BODY", "KEY", "GENERATION"})
  void eachCheckIsMissedWhereItIsLeftOut(SlotFault fault) {
    SlotChecks mutant = SlotChecks.without(fault);
    assertMissed(
        "the check of " + fault, liars(), seed -> SlabStory.losing(seed, mutant, new LongAdder()));
  }

  @ParameterizedTest
  @EnumSource
  void eachSyncIsMissedWhereItIsLeftOut(LosingDisk.Omission omission) {
    assertMissed(omission.toString(), honest(), seed -> SlabStory.without(seed, omission));
  }

  private static void assertMissed(String what, CrashRuns runs, LongFunction<CrashStory> stories) {
    for (long seed = 0; seed < MUTANT_SEEDS; seed++) {
      try {
        runs.runSeed(seed, stories.apply(seed));
      } catch (AssertionError caught) {
        System.out.println("blocks without " + what + ": caught at seed " + seed);
        return;
      }
    }
    throw new AssertionError("nobody missed " + what);
  }
}
