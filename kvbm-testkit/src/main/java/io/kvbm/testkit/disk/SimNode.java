package io.kvbm.testkit.disk;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** A file or directory behind its names. Guarded by its disk. */
final class SimNode {

  private final boolean directory;
  private final SimImage cached;
  private final SimImage durable;
  private final List<SimChange> pending = new ArrayList<>();
  private int openCount;
  private boolean named = true;

  private SimNode(boolean directory, SimImage cached, SimImage durable) {
    this.directory = directory;
    this.cached = cached;
    this.durable = durable;
  }

  static SimNode file() {
    return new SimNode(false, new SimImage(), new SimImage());
  }

  static SimNode directory() {
    return new SimNode(true, new SimImage(), new SimImage());
  }

  boolean isDirectory() {
    return directory;
  }

  /** {@return what readers see} */
  SimImage cached() {
    return cached;
  }

  void change(SimChange change) {
    change.apply(cached);
    pending.add(change);
  }

  /** Everything up to now is durable. */
  void sync() {
    pending.forEach(change -> change.apply(durable));
    pending.clear();
  }

  /**
   * Some of what is pending is durable; nobody will write the rest, though readers still see it.
   */
  void failSync(SplittableRandom random, boolean torn) {
    surviveInto(durable, random, torn);
    pending.clear();
  }

  /** {@return this node as it is after a power cut} */
  SimNode afterCut(SplittableRandom random, boolean torn) {
    if (directory) {
      return directory();
    }
    SimImage image = durable.copy();
    surviveInto(image, random, torn);
    return new SimNode(false, image, image.copy());
  }

  /**
   * A device may have kept the order, or written the last first, or nothing, or all; half of the
   * time each change, and each sector of it, goes its own way.
   */
  private void surviveInto(SimImage image, SplittableRandom random, boolean torn) {
    int pattern = pending.isEmpty() ? 0 : random.nextInt(8);
    int pivot = pattern < 4 ? 0 : random.nextInt(pending.size() + 1);
    for (int i = 0; i < pending.size(); i++) {
      SimChange change = pending.get(i);
      if (pattern < 4 || i == pivot) {
        change.survive(image, random, torn);
      } else if (pattern < 6 ? i < pivot : i > pivot) {
        change.apply(image);
      }
    }
    image.trim();
  }

  void opened() {
    openCount++;
  }

  void closed() {
    openCount--;
  }

  void unnamed() {
    named = false;
  }

  /** The process that had it open is gone. */
  void abandoned() {
    openCount = 0;
  }

  /** {@return whether neither a name nor an open file leads here} */
  boolean isGone() {
    return !named && openCount == 0;
  }
}
