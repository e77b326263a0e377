package io.kvbm.testkit.disk;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The names of a disk: as processes see them, as a power cut would find them, and the changes
 * between.
 */
final class SimNames {

  private final TreeMap<Path, SimNode> current = new TreeMap<>();
  private final TreeMap<Path, SimNode> durable = new TreeMap<>();
  private final List<Change> pending = new ArrayList<>();

  SimNames() {}

  private SimNames(Map<Path, SimNode> surviving) {
    current.putAll(surviving);
    durable.putAll(surviving);
  }

  @Nullable SimNode find(Path path) {
    return current.get(path);
  }

  boolean isDirectory(@Nullable Path path) {
    if (path == null || path.getNameCount() == 0) {
      return true;
    }
    SimNode node = current.get(path);
    return node != null && node.isDirectory();
  }

  List<Path> entries(Path directory) {
    boolean isRoot = directory.getNameCount() == 0;
    // Names below a directory follow each other: they go on with a slash, and behind it comes a
    // zero.
    Map<Path, SimNode> near =
        isRoot ? current : current.subMap(directory, directory.resolveSibling(nextName(directory)));
    return near.keySet().stream().filter(path -> directory.equals(path.getParent())).toList();
  }

  private static String nextName(Path directory) {
    return directory.getFileName() + "0";
  }

  /** {@return every node with a name} */
  Set<SimNode> nodes() {
    return Set.copyOf(current.values());
  }

  /**
   * {@return a place of some file for so many bytes, or the same place where there is none}
   *
   * @param unit places begin at multiples of it
   */
  SimPlace elsewhere(SimPlace place, int count, int unit, SplittableRandom random) {
    List<SimNode> files =
        current.values().stream()
            .filter(node -> !node.isDirectory() && node.cached().byteSize() >= count)
            .toList();
    if (files.isEmpty()) {
      return place;
    }
    SimNode node = files.get(random.nextInt(files.size()));
    long places = (node.cached().byteSize() - count) / unit + 1;
    return new SimPlace(node, random.nextLong(places) * unit);
  }

  void link(Path path, SimNode node) {
    make(new Link(path, node));
  }

  void unlink(Path path) {
    make(new Unlink(path));
  }

  void rename(Path source, Path target, SimNode node) {
    make(new Rename(source, target, node));
  }

  private void make(Change change) {
    change.apply(current);
    pending.add(change);
  }

  /** The names in one directory are durable; a rename is, in both of its directories. */
  void sync(Path directory) {
    for (Iterator<Change> changes = pending.iterator(); changes.hasNext(); ) {
      Change change = changes.next();
      if (change.touches(directory)) {
        change.apply(durable);
        changes.remove();
      }
    }
  }

  /** {@return the names after a power cut; each change that is not durable survives or not} */
  SimNames afterCut(SplittableRandom random, boolean torn) {
    TreeMap<Path, SimNode> surviving = new TreeMap<>(durable);
    for (Change change : pending) {
      if (random.nextBoolean()) {
        change.apply(surviving);
      }
    }
    TreeMap<Path, SimNode> reachable = new TreeMap<>();
    IdentityHashMap<SimNode, SimNode> made = new IdentityHashMap<>();
    surviving.forEach(
        (path, node) -> {
          // In order of names, so that a directory comes before what is in it.
          Path parent = path.getParent();
          SimNode above = parent == null ? null : reachable.get(parent);
          boolean atRoot = parent == null || parent.getNameCount() == 0;
          if (atRoot || (above != null && above.isDirectory())) {
            reachable.put(path, made.computeIfAbsent(node, dead -> dead.afterCut(random, torn)));
          }
        });
    return new SimNames(reachable);
  }

  /** A change of names that happens as a whole or not. */
  private sealed interface Change {
    void apply(Map<Path, SimNode> names);

    boolean touches(Path directory);
  }

  private record Link(Path path, SimNode node) implements Change {
    @Override
    public void apply(Map<Path, SimNode> names) {
      names.put(path, node);
    }

    @Override
    public boolean touches(Path directory) {
      return directory.equals(path.getParent());
    }
  }

  private record Unlink(Path path) implements Change {
    @Override
    public void apply(Map<Path, SimNode> names) {
      names.remove(path);
    }

    @Override
    public boolean touches(Path directory) {
      return directory.equals(path.getParent());
    }
  }

  private record Rename(Path source, Path target, SimNode node) implements Change {
    @Override
    public void apply(Map<Path, SimNode> names) {
      names.remove(source, node);
      names.put(target, node);
    }

    @Override
    public boolean touches(Path directory) {
      return directory.equals(source.getParent()) || directory.equals(target.getParent());
    }
  }
}
