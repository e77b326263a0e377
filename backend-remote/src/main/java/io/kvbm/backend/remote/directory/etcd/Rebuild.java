package io.kvbm.backend.remote.directory.etcd;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.KeyValue;
import io.kvbm.api.remote.DirectoryMember;
import io.kvbm.backend.remote.directory.DirectoryLimits;
import io.kvbm.backend.remote.directory.Roster;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/** A copy that grows beside the old one while all records are read. On the directory's thread. */
final class Rebuild {

  // A writer keeps to a small part of this; a member beyond it is broken.
  private static final int MAX_SEGMENTS = 4096;

  private final String self;
  private final RecordKeys keys;
  private final LocalCopy copy;
  private final Roster roster;
  private final Map<String, LocalCopy.Follower> followers = new HashMap<>();
  private final List<SegmentRecord> segments = new ArrayList<>(); // of one member
  private LocalCopy.@Nullable Follower owner;
  private @Nullable DirectoryMember own;

  Rebuild(String self, RecordKeys keys, LocalCopy copy, DirectoryLimits limits) {
    this.self = self;
    this.keys = keys;
    this.copy = copy;
    roster = new Roster(limits.members(), limits.blocks());
  }

  Roster roster() {
    return roster;
  }

  Map<String, LocalCopy.Follower> followers() {
    return followers;
  }

  /** {@return who is announced by this member's name, or null} */
  @Nullable DirectoryMember own() {
    return own;
  }

  /** Reads all records as of one revision; {@return completes with it}. */
  CompletableFuture<Long> read(EtcdCalls calls, Executor thread) {
    return pages(calls, keys.members(), keys.members(), 0, thread)
        .thenComposeAsync(
            revision -> pages(calls, keys.blocks(), keys.blocks(), revision, thread), thread);
  }

  private CompletableFuture<Long> pages(
      EtcdCalls calls, ByteSequence from, ByteSequence prefix, long revision, Executor thread) {
    return calls
        .page(from, prefix, revision)
        .thenComposeAsync(
            page -> {
              long asOf = revision == 0 ? page.getHeader().getRevision() : revision;
              page.getKvs().forEach(this::take);
              if (!page.isMore() || page.getKvs().isEmpty()) {
                return CompletableFuture.completedFuture(asOf);
              }
              ByteSequence next =
                  page.getKvs().getLast().getKey().concat(ByteSequence.from(new byte[1]));
              return pages(calls, next, prefix, asOf, thread);
            },
            thread);
  }

  /** Takes a record: all members, then all segments in the order of their keys. */
  private void take(KeyValue record) {
    String name = keys.asMember(record.getKey());
    if (name != null) {
      takeMember(name, record.getValue().getBytes());
      return;
    }
    RecordKeys.SegmentKey key = keys.asSegment(record.getKey());
    LocalCopy.Follower follower = key == null ? null : followers.get(key.name());
    if (key == null
        || follower == null
        || follower.record.member().agent().generation() != key.generation()) {
      return;
    }
    if (follower != owner) {
      finish();
      owner = follower;
    }
    SegmentRecord segment = copy.decode(key, record.getValue().getBytes());
    if (segment != null && segments.size() < MAX_SEGMENTS) {
      segments.add(segment);
    }
  }

  /** Applies the last member's segments. */
  void finish() {
    LocalCopy.Follower follower = owner;
    if (follower == null) {
      return;
    }
    long base = 0;
    for (SegmentRecord segment : segments) {
      base = Long.compareUnsigned(segment.base(), base) > 0 ? segment.base() : base;
    }
    for (SegmentRecord segment : segments) {
      if (Long.compareUnsigned(segment.segment(), base) >= 0) {
        copy.apply(roster, follower, segment);
      }
    }
    segments.clear();
    owner = null;
  }

  private void takeMember(String name, byte[] bytes) {
    if (name.equals(self)) {
      MemberRecord record = MemberRecord.decode(name, bytes);
      own = record == null ? null : record.member();
      return;
    }
    MemberRecord record = copy.decode(name, bytes);
    LocalCopy.Follower follower = record == null ? null : copy.enter(roster, record);
    if (follower != null) {
      followers.put(name, follower);
    }
  }
}
