package io.kvbm.backend.disk.object;

import io.kvbm.testkit.disk.CrashReport;
import io.kvbm.testkit.disk.CrashRuns;
import io.kvbm.testkit.disk.SimDisk;
import java.util.EnumSet;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Power cuts anywhere, also while the store recovers: nothing acknowledged is lost or made up. */
class ObjectCrashTest {

  private static final int MUTANT_SEEDS = 10_000;
  private static final EnumSet<Safeguard> NONE = EnumSet.noneOf(Safeguard.class);

  private static final UnaryOperator<SimDisk.Builder> LIARS =
      disk -> disk.tornSectors().misdirectedWrites(0.02).misdirectedReads(0.005);

  private static CrashRuns runs() {
    return CrashRuns.of("objects on disk").operations(30, 100);
  }

  private static CrashRuns lies() {
    return CrashRuns.of("objects on a disk that misplaces").operations(30, 100).disks(LIARS);
  }

  @Test
  void nothingAcknowledgedIsLost() {
    CrashReport report = runs().share(0.1).run(seed -> new ObjectStory(NONE, false));
    System.out.println(report);
  }

  @Test
  void noByteIsWrongWhereWritesAreMisplaced() {
    System.out.println(lies().share(0.05).run(seed -> new ObjectStory(NONE, true)));
  }

  @ParameterizedTest
  @EnumSource(names = {"SYNC", "DIRECTORY_SYNC", "CRC"})
  void eachSafeguardIsMissed(Safeguard safeguard) {
    boolean lie = safeguard != Safeguard.SYNC && safeguard != Safeguard.DIRECTORY_SYNC;
    for (long seed = 0; seed < MUTANT_SEEDS; seed++) {
      try {
        ObjectStory story = new ObjectStory(EnumSet.of(safeguard), lie);
        (lie ? lies() : runs()).runSeed(seed, story);
      } catch (AssertionError caught) {
        System.out.println("without " + safeguard + ": caught at seed " + seed);
        return;
      }
    }
    throw new AssertionError("nobody missed " + safeguard);
  }
}
