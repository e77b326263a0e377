package io.kvbm.backend.disk.object;

import io.kvbm.testkit.disk.CrashPhase;
import io.kvbm.testkit.disk.CrashStory;
import io.kvbm.testkit.disk.SimDisk;
import java.util.EnumSet;
import java.util.SplittableRandom;

/**
 * Two object stores on one disk that misplaces, which do the same things with keys of their own:
 * what stands at a place of one is a whole value of the same length and version in the other, and
 * only the key tells them apart.
 */
final class TwinStory implements CrashStory {

  private final ObjectStory first;
  private final ObjectStory second;

  TwinStory(EnumSet<Safeguard> without) {
    this.first = new ObjectStory("a", without, true);
    this.second = new ObjectStory("b", without, true);
  }

  @Override
  public void open(SimDisk disk) {
    first.open(disk);
    second.open(disk);
  }

  @Override
  public void work(SplittableRandom random, int operations) {
    for (int i = 0; i < operations; i += 2) {
      long step = random.nextLong();
      first.work(new SplittableRandom(step), 1);
      second.work(new SplittableRandom(step), 1);
    }
  }

  @Override
  public void abandon() {
    first.abandon();
    second.abandon();
  }

  @Override
  public void close() {
    first.close();
    second.close();
  }

  @Override
  public int usualCalls(CrashPhase phase) {
    return 2 * first.usualCalls(phase);
  }
}
