package io.kvbm.backend.remote.directory;

import io.kvbm.api.block.BlockKey;
import io.kvbm.api.remote.DirectoryMember;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the directories of one name in this process share. It lives as long as one of them is open.
 * Threading: changes under its own monitor; look-ups without.
 */
final class LocalSpace {

  private static final Map<String, LocalSpace> SPACES = new HashMap<>();

  private final String name;
  private final Roster roster;
  private final Map<Integer, LocalDirectory> open = new HashMap<>();

  private LocalSpace(String name, DirectoryLimits limits) {
    this.name = name;
    roster = new Roster(limits.members() + 1, limits.blocks() + limits.ownBlocks());
  }

  /**
   * Enters a member, for which one of the same name leaves.
   *
   * @return the member's number, or -1 if the space is full
   */
  static LocalSpace join(String name, DirectoryLimits limits, LocalDirectory directory) {
    synchronized (SPACES) {
      LocalSpace space = SPACES.computeIfAbsent(name, n -> new LocalSpace(n, limits));
      space.enter(directory);
      return space;
    }
  }

  Roster roster() {
    return roster;
  }

  private synchronized void enter(LocalDirectory directory) {
    DirectoryMember member = directory.self();
    int former = roster.place(member.agent().name());
    if (former >= 0) {
      remove(former);
    }
    int place = roster.enter(member);
    directory.entered(this, place);
    if (place < 0) {
      return;
    }
    for (LocalDirectory other : open.values()) {
      other.notices().joined(member);
      directory.notices().joined(other.self());
    }
    open.put(place, directory);
  }

  /** Takes a member out, unless another run of it has its place already. */
  void leave(int place, LocalDirectory directory) {
    synchronized (SPACES) {
      synchronized (this) {
        if (open.get(place) == directory) {
          remove(place);
        }
        if (open.isEmpty()) {
          SPACES.remove(name, this);
        }
      }
    }
  }

  private void remove(int place) {
    DirectoryMember member = roster.member(place);
    open.remove(place);
    roster.leave(place);
    if (member != null) {
      open.values().forEach(other -> other.notices().left(member));
    }
  }

  /** {@return how many blocks were left out, or -1 if another run of the member has replaced it} */
  synchronized int publish(
      int place,
      LocalDirectory directory,
      List<BlockKey> added,
      List<BlockKey> removed,
      int maxBlocks) {
    if (!isOpen(place, directory)) {
      return -1;
    }
    BlockIndex index = roster.index();
    for (BlockKey key : removed) {
      index.remove(place, key.hi(), key.lo());
    }
    int dropped = 0;
    for (BlockKey key : added) {
      boolean full = index.entries(place) >= maxBlocks && !index.has(place, key.hi(), key.lo());
      if (full || index.add(place, key.hi(), key.lo()) == BlockIndex.Added.FULL) {
        dropped++;
      }
    }
    return dropped;
  }

  synchronized void clear(int place, LocalDirectory directory) {
    if (isOpen(place, directory)) {
      roster.index().removeMember(place);
    }
  }

  private boolean isOpen(int place, @Nullable LocalDirectory directory) {
    return open.get(place) == directory;
  }
}
