package io.kvbm.backend.disk.media;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The mounts of this process. Immutable; a snapshot. */
public final class MountTable {

  private final List<Mount> mounts;

  private MountTable(List<Mount> mounts) {
    this.mounts = mounts;
  }

  /** {@return the mounts a text in the form of {@code /proc/self/mountinfo} lists} */
  public static MountTable parse(List<String> lines) {
    return new MountTable(lines.stream().map(Mount::parse).flatMap(Optional::stream).toList());
  }

  /** {@return the mounts a file lists; none where it cannot be read} */
  public static MountTable read(Path file) {
    try {
      // A name in another encoding must not hide the other mounts.
      return parse(new String(Files.readAllBytes(file), StandardCharsets.UTF_8).lines().toList());
    } catch (IOException e) {
      return new MountTable(List.of());
    }
  }

  /**
   * {@return the mount a path lies on}
   *
   * <p>Walks as the kernel does, from the root down to the mount that is on top: a later mount over
   * a folder hides what was mounted below that folder before, however long its name.
   *
   * @param path absolute, without symbolic links
   */
  public Optional<Mount> of(Path path) {
    Optional<Mount> at = top();
    while (at.isPresent()) {
      Optional<Mount> next = below(at.get(), path);
      if (next.isEmpty()) {
        return at;
      }
      at = next;
    }
    return Optional.empty();
  }

  /** The mount whose parent this process does not see. */
  private Optional<Mount> top() {
    return mounts.stream()
        .filter(mount -> mount.point().equals(Path.of("/")))
        .filter(mount -> find(mount.parentId()).filter(parent -> !parent.equals(mount)).isEmpty())
        .findFirst();
  }

  private Optional<Mount> find(int id) {
    return mounts.stream().filter(mount -> mount.id() == id).findFirst();
  }

  /** The mount on another that a path meets first. */
  private Optional<Mount> below(Mount parent, Path path) {
    Optional<Mount> first = Optional.empty();
    for (Mount mount : mounts) {
      if (mount.parentId() == parent.id()
          && mount.id() != parent.id()
          && path.startsWith(mount.point())
          && first.filter(other -> depth(other) <= depth(mount)).isEmpty()) {
        first = Optional.of(mount);
      }
    }
    return first;
  }

  private static int depth(Mount mount) {
    return mount.point().getNameCount();
  }
}
