package io.kvbm.backend.remote.directory;

import io.kvbm.api.block.BlockKey;
import io.kvbm.api.remote.BlockDirectory.Holder;
import io.kvbm.api.remote.DirectoryMember;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * The members there are and what they have. Threading: one writer at a time; look-ups beside it
 * take no lock.
 */
public final class Roster {

  private final int maxMembers;
  private final BlockIndex index;
  private final AtomicReferenceArray<@Nullable DirectoryMember> members;
  private final Map<String, Integer> places = new HashMap<>(); // the writer's

  /**
   * Creates an empty roster.
   *
   * @param maxMembers the most members
   * @param maxBlocks the most entries of all members
   */
  public Roster(int maxMembers, long maxBlocks) {
    this.maxMembers = maxMembers;
    index = new BlockIndex(maxMembers, maxBlocks);
    members = new AtomicReferenceArray<>(maxMembers);
  }

  /** {@return what the members have} */
  public BlockIndex index() {
    return index;
  }

  /**
   * Enters a member whose name is not in.
   *
   * @param member who
   * @return its number, or -1 if the roster is full
   */
  public int enter(DirectoryMember member) {
    for (int place = 0; place < maxMembers; place++) {
      if (members.get(place) == null) {
        places.put(member.agent().name(), place);
        members.set(place, member);
        return place;
      }
    }
    return -1;
  }

  /**
   * Removes a member and what it had.
   *
   * @param place its number
   */
  public void leave(int place) {
    DirectoryMember member = members.get(place);
    if (member != null) {
      // First from the look-ups, then its entries, then the number may be another's.
      places.remove(member.agent().name());
      index.removeMember(place);
      members.set(place, null);
    }
  }

  /**
   * {@return the number of the member of a name, or -1}
   *
   * @param name an agent's name
   */
  public int place(String name) {
    return places.getOrDefault(name, -1);
  }

  /**
   * {@return the member of a number, or null}
   *
   * @param place its number
   */
  public @Nullable DirectoryMember member(int place) {
    return members.get(place);
  }

  /**
   * {@return who has the longest run of blocks, the best first}
   *
   * @param fingerprint of members that count
   * @param keys a sequence
   * @param from the first wanted block; beyond the end nobody has any
   * @param except a member that does not count, or -1
   * @param turn members with equal runs come in an order that starts somewhere else for each asker,
   *     so that not all ask the same one
   */
  public List<Holder> holders(
      long fingerprint, List<BlockKey> keys, int from, int except, int turn) {
    List<Holder> holders = new ArrayList<>();
    index.runs(
        keys,
        Math.max(0, from),
        (place, blocks) -> {
          DirectoryMember member = members.get(place);
          if (member != null && place != except && member.fingerprint() == fingerprint) {
            holders.add(new Holder(member, blocks));
          }
        });
    // Shortest first from the index: turned round, then only equals move.
    Collections.reverse(holders);
    int start = 0;
    for (int i = 1; i <= holders.size(); i++) {
      if (i == holders.size() || holders.get(i).blocks() != holders.get(start).blocks()) {
        Collections.rotate(holders.subList(start, i), turn);
        start = i;
      }
    }
    return List.copyOf(holders);
  }

  /**
   * {@return the members now}
   *
   * @param except one that does not count, or -1
   */
  public List<DirectoryMember> members(int except) {
    List<DirectoryMember> all = new ArrayList<>();
    for (int place = 0; place < maxMembers; place++) {
      DirectoryMember member = members.get(place);
      if (member != null && place != except) {
        all.add(member);
      }
    }
    return List.copyOf(all);
  }
}
