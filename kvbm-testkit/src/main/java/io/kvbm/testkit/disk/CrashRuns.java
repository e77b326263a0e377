package io.kvbm.testkit.disk;

import io.kvbm.api.KvbmException;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.LongFunction;
import java.util.function.UnaryOperator;

/**
 * Runs stories of a store under a {@link SimDisk}, one for each seed: it is opened, used and its
 * power cut once to three times, also while it recovers, then opened for good; each time it asserts
 * that it lost and made up nothing.
 *
 * <p>How many seeds: the share of 10,000 that {@link #share} gives, of 1,000,000 where the system
 * property {@code kvbm.slow} is {@code true}, which are told on as many threads as there are
 * processors. {@code kvbm.seed.from} and {@code kvbm.seed.count} name others: to go on where a run
 * ended, or to run again what failed. For one thread.
 */
public final class CrashRuns {

  /** The system property with the first seed. */
  public static final String SEED_FROM = "kvbm.seed.from";

  /** The system property with the number of seeds. */
  public static final String SEED_COUNT = "kvbm.seed.count";

  private static final long SEEDS = 10_000;
  private static final long SLOW_SEEDS = 1_000_000;
  private static final int MAX_CRASHES = 3;
  private static final List<CrashPhase> PHASES =
      List.of(
          CrashPhase.WRITE,
          CrashPhase.SYNC,
          CrashPhase.RENAME,
          CrashPhase.ALLOCATE,
          CrashPhase.RECOVERY);

  private final String store;
  private double share = 1;
  private int leastOperations = 50;
  private int mostOperations = 500;
  private UnaryOperator<SimDisk.Builder> settings = SimDisk.Builder::tornSectors;
  private Set<CrashPhase> phases = EnumSet.copyOf(PHASES);

  private CrashRuns(String store) {
    this.store = store;
  }

  /**
   * {@return runs of a store: all seeds, 50 to 500 operations each, torn sectors}
   *
   * @param store its name in reports
   */
  public static CrashRuns of(String store) {
    return new CrashRuns(store);
  }

  /**
   * Takes a part of the seeds, where stores share them.
   *
   * @param part above 0, at most 1
   * @return these runs
   */
  public CrashRuns share(double part) {
    share = part;
    return this;
  }

  /**
   * Says how much a story does, all its lives together.
   *
   * @param least at least so many operations
   * @param most at most so many
   * @return these runs
   */
  public CrashRuns operations(int least, int most) {
    leastOperations = least;
    mostOperations = most;
    return this;
  }

  /**
   * Says what the disks are like.
   *
   * @param change sets what is to be; torn sectors unless called
   * @return these runs
   */
  public CrashRuns disks(UnaryOperator<SimDisk.Builder> change) {
    settings = change;
    return this;
  }

  /**
   * Says where the power is cut: in writes, syncs, renames, allocations and recovery unless called.
   *
   * @param where the phases
   * @return these runs
   */
  public CrashRuns phases(Set<CrashPhase> where) {
    phases = EnumSet.copyOf(where);
    return this;
  }

  /**
   * Runs every seed.
   *
   * @param stories makes the story of a seed; from any thread
   * @return what was done
   * @throws AssertionError naming the seed, at the first story that ends as it must not
   */
  public CrashReport run(LongFunction<CrashStory> stories) {
    long first = Long.getLong(SEED_FROM, 0);
    boolean slow = Boolean.getBoolean("kvbm.slow");
    long count = Long.getLong(SEED_COUNT, Math.round((slow ? SLOW_SEEDS : SEEDS) * share));
    int threads = slow ? Runtime.getRuntime().availableProcessors() : 1;
    return new CrashTally(this, store, first, count).run(stories, threads);
  }

  /**
   * Runs one seed.
   *
   * @param seed decides everything
   * @param story the story, just made
   * @return the disk in the end, which still works
   * @throws AssertionError naming the seed, if the story ends as it must not
   */
  public SimDisk runSeed(long seed, CrashStory story) {
    try {
      return live(seed, story);
    } catch (RuntimeException | AssertionError e) {
      throw new AssertionError(
          "%s, seed %d: %s%nrun it again: -D%s=%d -D%s=1"
              .formatted(store, seed, e, SEED_FROM, seed, SEED_COUNT),
          e);
    }
  }

  private SimDisk live(long seed, CrashStory story) {
    // Not what the disk draws from, so that a store which calls it once more draws the same.
    SplittableRandom random = new SplittableRandom(seed ^ 0x5851f42d4c957f2dL);
    SimDisk disk = settings.apply(SimDisk.builder(seed)).build();
    int crashes = 1 + random.nextInt(MAX_CRASHES);
    int operations = leastOperations + random.nextInt(mostOperations - leastOperations + 1);
    CrashPhase[] choice = phases.toArray(CrashPhase[]::new);
    for (int i = 0; i < crashes; i++) {
      CrashPhase phase = choice[random.nextInt(choice.length)];
      disk.cutAt(phase, 1 + random.nextInt(1 + random.nextInt(story.usualCalls(phase))));
      liveOnce(disk, story, random.split(), operations / (crashes + 1));
      disk.powerCut(); // where the call that was to do it never came
      disk = disk.reboot();
    }
    disk.recovering(true);
    story.open(disk);
    disk.recovering(false);
    story.work(random.split(), operations / (crashes + 1));
    story.close();
    disk = disk.reboot();
    story.open(disk);
    story.close();
    return disk;
  }

  private static void liveOnce(
      SimDisk disk, CrashStory story, SplittableRandom random, int operations) {
    try {
      disk.recovering(true);
      story.open(disk);
      disk.recovering(false);
      story.work(random, operations);
    } catch (KvbmException e) {
      if (!disk.isOff()) {
        throw e;
      }
    } finally {
      story.abandon();
    }
  }
}
