package io.kvbm.backend.remote.directory.etcd;

import io.etcd.jetcd.KeyValue;
import io.kvbm.api.remote.DirectoryMember;
import io.kvbm.backend.remote.directory.BlockIndex;
import io.kvbm.backend.remote.directory.DirectoryLimits;
import io.kvbm.backend.remote.directory.Notices;
import io.kvbm.backend.remote.directory.Roster;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * What this member knows of the others, as etcd last said. Look-ups read {@link #roster()} from any
 * thread; everything else happens on the directory's thread.
 */
final class LocalCopy {

  private static final int MAX_WARNINGS = 256;

  private final String self;
  private final RecordKeys keys;
  private final DirectoryLimits limits;
  private final Notices notices;
  private final System.Logger logger;
  private final Set<String> warned = new HashSet<>();
  private volatile Roster roster;
  private final AtomicLong dropped = new AtomicLong();
  private Map<String, Follower> followers = new HashMap<>();

  /** What is known of a member beside its place. */
  static final class Follower {
    final MemberRecord record;
    final int place;
    long lastSegment;

    Follower(MemberRecord record, int place) {
      this.record = record;
      this.place = place;
    }
  }

  LocalCopy(
      String self, RecordKeys keys, DirectoryLimits limits, Notices notices, System.Logger logger) {
    this.self = self;
    this.keys = keys;
    this.limits = limits;
    this.notices = notices;
    this.logger = logger;
    roster = new Roster(limits.members(), limits.blocks());
  }

  Roster roster() {
    return roster;
  }

  /** {@return entries of others that did not fit} */
  long dropped() {
    return dropped.get();
  }

  /** {@return the longest lease of any member, in seconds} */
  long longestLeaseSeconds() {
    return followers.values().stream().mapToLong(f -> f.record.leaseSeconds()).max().orElse(0);
  }

  /** Follows a record that was written; those of this member are ignored. */
  void put(KeyValue record) {
    String name = keys.asMember(record.getKey());
    if (name != null) {
      if (!name.equals(self)) {
        putMember(name, record.getValue().getBytes());
      }
      return;
    }
    RecordKeys.SegmentKey key = keys.asSegment(record.getKey());
    Follower follower = key == null ? null : followers.get(key.name());
    if (key == null
        || follower == null
        || follower.record.member().agent().generation() != key.generation()
        || Long.compareUnsigned(key.segment(), follower.lastSegment) <= 0) {
      return; // of nobody, of a former run, or a piece that was sent twice
    }
    SegmentRecord segment = decode(key, record.getValue().getBytes());
    if (segment != null) {
      apply(roster, follower, segment);
    }
  }

  /** Follows a record that was deleted or whose lease ended. */
  void delete(KeyValue record) {
    String name = keys.asMember(record.getKey());
    if (name != null) {
      leave(name);
    }
  }

  /** Every member leaves. */
  void clear() {
    for (String name : followers.keySet().toArray(String[]::new)) {
      leave(name);
    }
  }

  /** Puts what was read as a whole in the place of what was known. */
  void replace(Rebuild rebuild) {
    Map<String, Follower> before = followers;
    followers = rebuild.followers();
    roster = rebuild.roster();
    for (Follower old : before.values()) {
      Follower now = followers.get(old.record.member().agent().name());
      if (now == null || !now.record.member().equals(old.record.member())) {
        notices.left(old.record.member());
      }
    }
    for (Follower now : followers.values()) {
      Follower old = before.get(now.record.member().agent().name());
      if (old == null || !old.record.member().equals(now.record.member())) {
        notices.joined(now.record.member());
      }
    }
  }

  private void putMember(String name, byte[] bytes) {
    MemberRecord record = decode(name, bytes);
    if (record == null) {
      return;
    }
    Follower known = followers.get(name);
    if (known != null && known.record.equals(record)) {
      return;
    }
    leave(name);
    Follower follower = enter(roster, record);
    if (follower != null) {
      followers.put(name, follower);
      notices.joined(record.member());
    }
  }

  private void leave(String name) {
    Follower follower = followers.remove(name);
    if (follower != null) {
      roster.leave(follower.place);
      notices.left(follower.record.member());
    }
  }

  @Nullable Follower enter(Roster into, MemberRecord record) {
    DirectoryMember member = record.member();
    int place = into.enter(member);
    if (place < 0) {
      warn(
          "members",
          "the directory has more than %d members: '%s' and others are left out; raise directoryMembers"
              .formatted(limits.members(), member.agent().name()));
      return null;
    }
    return new Follower(record, place);
  }

  void apply(Roster into, Follower follower, SegmentRecord segment) {
    BlockIndex index = into.index();
    if (segment.reset()) {
      index.removeMember(follower.place);
    }
    long[] removed = segment.removed();
    for (int i = 0; i < removed.length; i += 2) {
      index.remove(follower.place, removed[i], removed[i + 1]);
    }
    long[] added = segment.added();
    long left = 0;
    for (int i = 0; i < added.length; i += 2) {
      if (index.add(follower.place, added[i], added[i + 1]) == BlockIndex.Added.FULL) {
        left++;
      }
    }
    follower.lastSegment = segment.segment();
    if (left > 0) {
      drop(left);
    }
  }

  private void drop(long left) {
    dropped.addAndGet(left);
    warn(
        "blocks",
        "the directory has more than %d entries: the rest is left out; raise directoryBlocks"
            .formatted(limits.blocks()));
  }

  @Nullable MemberRecord decode(String name, byte[] bytes) {
    MemberRecord record = MemberRecord.decode(name, bytes);
    if (record == null) {
      warn(name, "the record of member '%s' is malformed: it is ignored".formatted(name));
    }
    return record;
  }

  @Nullable SegmentRecord decode(RecordKeys.SegmentKey key, byte[] bytes) {
    SegmentRecord segment = SegmentRecord.decode(bytes);
    if (segment != null
        && segment.generation() == key.generation()
        && segment.segment() == key.segment()) {
      return segment;
    }
    warn(
        key.name(),
        "a list of blocks of member '%s' is malformed: it is ignored".formatted(key.name()));
    return null;
  }

  // Once for each cause, so that one broken member does not fill the log.
  private void warn(String cause, String message) {
    if (warned.size() < MAX_WARNINGS && warned.add(cause)) {
      logger.log(System.Logger.Level.WARNING, message);
    }
  }
}
