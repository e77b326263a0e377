package io.kvbm.backend.disk.slab;

import static org.assertj.core.api.Assertions.assertThat;

import io.kvbm.testkit.disk.CrashReport;
import io.kvbm.testkit.disk.CrashRuns;
import io.kvbm.testkit.disk.SimDisk;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Power cuts, torn sectors, lost and misdirected writes: never a wrong block. */
class SlabCrashTest {

  private static final int MUTANT_SEEDS = 10_000;

  private static final UnaryOperator<SimDisk.Builder> LIARS =
      disk -> disk.tornSectors().misdirectedWrites(0.01).misdirectedReads(0.005);

  private static CrashRuns runs() {
    return CrashRuns.of("blocks on disk").operations(20, 80).disks(LIARS);
  }

  @Test
  void aReadGivesTheBytesOfItsKeyAndGenerationOrNothing() {
    List<SlabStory> told = new ArrayList<>();
    CrashReport report =
        runs()
            .share(0.2)
            .run(
                seed -> {
                  SlabStory story = new SlabStory(seed, SlotChecks.all());
                  told.add(story);
                  return story;
                });
    System.out.println(report);
    assertThat(told.stream().mapToLong(SlabStory::hits).sum()).isGreaterThan(told.size());
  }

  @Test
  void aDiskThatOnlyLosesPowerLosesNothingElse() {
    System.out.println(
        CrashRuns.of("blocks on an honest disk")
            .operations(20, 80)
            .share(0.1)
            .run(seed -> new SlabStory(seed, SlotChecks.all(), 0)));
  }

  @ParameterizedTest
  @EnumSource(names = {"BODY", "KEY", "GENERATION"})
  void eachCheckIsMissedWhereItIsLeftOut(SlotFault fault) {
    for (long seed = 0; seed < MUTANT_SEEDS; seed++) {
      try {
        runs().runSeed(seed, new SlabStory(seed, SlotChecks.without(fault)));
      } catch (AssertionError caught) {
        System.out.println("without the check of " + fault + ": caught at seed " + seed);
        return;
      }
    }
    throw new AssertionError("nobody missed the check of " + fault);
  }
}
