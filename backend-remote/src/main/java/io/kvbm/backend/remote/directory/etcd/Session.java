package io.kvbm.backend.remote.directory.etcd;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.KeyValue;
import io.kvbm.api.remote.DirectoryMember;
import io.kvbm.api.spi.Clock;
import io.kvbm.backend.remote.directory.Notices;
import io.kvbm.backend.remote.directory.Publications;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The lease, the watch and the way back to them. Everything happens on the directory's thread,
 * which never waits for the network; the fields that are volatile are read elsewhere.
 */
final class Session {

  private final DirectoryMember self;
  private final EtcdSettings settings;
  private final RecordKeys keys;
  private final LocalCopy copy;
  private final SegmentWriter writer;
  private final Following following;
  private final Backoff backoff = new Backoff();
  private final Notices notices;
  private final Clock clock;
  private final System.Logger logger;
  private final ScheduledExecutorService thread;
  private final CompletableFuture<Boolean> firstAttempt = new CompletableFuture<>();

  private @Nullable EtcdCalls calls;
  private long lease;
  private long leaseSeconds;
  private boolean announced; // with the present lease
  private boolean everAnnounced;
  private boolean replaced;
  private boolean stale = true; // what is known must be read anew
  private boolean connecting;
  private boolean retryPlanned;
  private boolean renewing;
  private boolean told; // the listener knows that the directory cannot be reached
  private boolean closed;
  private long announcedRevision;
  private long lastContact;
  private volatile boolean connected;
  private final AtomicLong failures = new AtomicLong();
  private final AtomicLong resyncs = new AtomicLong();
  private final AtomicLong lostLeases = new AtomicLong();

  Session(
      DirectoryMember self,
      EtcdSettings settings,
      RecordKeys keys,
      LocalCopy copy,
      Publications publications,
      Notices notices,
      Clock clock,
      System.Logger logger,
      ScheduledExecutorService thread) {
    this.self = self;
    this.settings = settings;
    this.keys = keys;
    this.copy = copy;
    this.notices = notices;
    this.clock = clock;
    this.logger = logger;
    this.thread = thread;
    writer = new SegmentWriter(this, publications, thread, settings.segmentBytes());
    following = new Following(keys, copy, thread, new Changes());
  }

  SegmentWriter writer() {
    return writer;
  }

  boolean isConnected() {
    return connected;
  }

  long failures() {
    return failures.get();
  }

  long resyncs() {
    return resyncs.get();
  }

  long lostLeases() {
    return lostLeases.get();
  }

  long generation() {
    return self.agent().generation();
  }

  /** {@return completes when the first attempt to announce this member has ended} */
  CompletableFuture<Boolean> firstAttempt() {
    return firstAttempt;
  }

  void start() {
    lastContact = clock.nanoTime();
    long tick = Math.min(1000, settings.lease().toMillis() / 6);
    var _ = thread.scheduleWithFixedDelay(this::tick, tick, tick, TimeUnit.MILLISECONDS);
    connect();
  }

  CompletableFuture<Long> put(SegmentRecord segment) {
    EtcdCalls now = calls;
    return now == null || lease == 0
        ? CompletableFuture.failedFuture(new IllegalStateException("not connected"))
        : now.put(segmentKey(segment.segment()), segment.encode(), lease);
  }

  CompletableFuture<?> delete(ByteSequence from, ByteSequence to) {
    EtcdCalls now = calls;
    return now == null
        ? CompletableFuture.failedFuture(new IllegalStateException("not connected"))
        : now.delete(from, to);
  }

  ByteSequence segmentKey(long segment) {
    return keys.segment(self.agent().name(), generation(), segment);
  }

  // ---- coming (back)

  private void connect() {
    retryPlanned = false;
    if (connecting || closed || connected) {
      return;
    }
    connecting = true;
    EtcdCalls now;
    try {
      now = calls();
    } catch (Exception | LinkageError e) { // a library that is missing a part
      connecting = false;
      failed(e);
      return;
    }
    grant(now)
        .thenComposeAsync(done -> stale ? read(now) : done(), thread)
        .thenComposeAsync(done -> announce(now), thread)
        .whenCompleteAsync(
            (done, failure) -> {
              connecting = false;
              if (failure != null) {
                failed(failure);
              } else if (stale || !following.isOpen()) {
                // Members' time ran out, or the watch ended, between the steps.
                failed(new IllegalStateException("what was read is out of date already"));
              } else {
                found();
              }
            },
            thread);
  }

  private EtcdCalls calls() throws Exception {
    EtcdCalls now = calls;
    if (now == null) {
      now = EtcdCalls.open(settings);
      calls = now;
    }
    return now;
  }

  private CompletableFuture<Boolean> grant(EtcdCalls now) {
    if (lease != 0) {
      // Whether the lease still lives is asked, not reckoned.
      return now.renew(lease)
          .<CompletableFuture<Boolean>>handleAsync(
              (seconds, failure) -> {
                if (failure == null && seconds > 0) {
                  return done();
                }
                if (failure == null || EtcdFailures.isUnknownLease(failure)) {
                  loseLease();
                  return grant(now);
                }
                return CompletableFuture.failedFuture(failure);
              },
              thread)
          .thenCompose(next -> next);
    }
    return now.grant(settings.lease().toSeconds())
        .thenApplyAsync(
            granted -> {
              lease = granted.id();
              leaseSeconds = granted.seconds();
              writer.restart();
              return true;
            },
            thread);
  }

  private CompletableFuture<Boolean> read(EtcdCalls now) {
    following.close();
    Rebuild rebuild = new Rebuild(self.agent().name(), keys, copy, settings.limits());
    return rebuild
        .read(now, thread)
        .thenApplyAsync(
            revision -> {
              rebuild.finish();
              DirectoryMember own = rebuild.own();
              if (everAnnounced && own != null && own.agent().generation() != generation()) {
                replaced();
              }
              resyncs.incrementAndGet();
              copy.replace(rebuild);
              following.startAfter(revision);
              stale = false;
              contact(); // or the next tick forgets what has just been read
              return true;
            },
            thread);
  }

  private CompletableFuture<Boolean> announce(EtcdCalls now) {
    if (closed) {
      return CompletableFuture.failedFuture(new IllegalStateException("closed"));
    }
    following.open(now);
    if (announced || replaced) {
      return done();
    }
    MemberRecord record = new MemberRecord(self, leaseSeconds);
    return now.put(keys.member(self.agent().name()), record.encode(), lease)
        .thenApplyAsync(
            revision -> {
              announced = true;
              everAnnounced = true;
              announcedRevision = revision;
              return true;
            },
            thread);
  }

  private void found() {
    backoff.reset();
    contact();
    if (!connected) {
      connected = true;
      notices.connection(true);
      told = false;
    }
    writer.enable(!replaced);
    firstAttempt.complete(true);
  }

  // ---- losing it

  /** A call failed: tries again, later each time. */
  void failed(Throwable failure) {
    failures.incrementAndGet();
    connected = false;
    writer.enable(false);
    if (!told) {
      told = true;
      notices.connection(false);
      logger.log(
          System.Logger.Level.WARNING,
          "%s cannot be used (%s): what is known is kept until leases end; trying again"
              .formatted(settings, EtcdFailures.reason(failure)));
    }
    firstAttempt.complete(false);
    if (!connecting && !closed && !retryPlanned) {
      retryPlanned = true;
      if (EtcdFailures.isRefused(failure) || backoff.isClientOld()) {
        closeCalls(); // a new client signs in anew, and does not keep to gRPC's own long pauses
      }
      var _ = thread.schedule(this::connect, backoff.nextMillis(), TimeUnit.MILLISECONDS);
    }
  }

  private void loseLease() {
    lostLeases.incrementAndGet();
    lease = 0;
    announced = false;
    stale = true; // etcd may have lost everything, and its revisions begin anew
    writer.enable(false);
  }

  private void replaced() {
    if (!replaced) {
      replaced = true;
      writer.enable(false);
      logger.log(
          System.Logger.Level.WARNING,
          "another run of agent '%s' has joined %s: this one announces nothing any more"
              .formatted(self.agent().name(), settings));
    }
  }

  /** What the watch tells. */
  private final class Changes implements Following.Follower {
    @Override
    public void heard() {
      contact();
    }

    @Override
    public void put(KeyValue record) {
      if (!announced
          || record.getModRevision() <= announcedRevision
          || !record.getKey().equals(keys.member(self.agent().name()))) {
        return;
      }
      MemberRecord other = MemberRecord.decode(self.agent().name(), record.getValue().getBytes());
      if (other != null && other.member().agent().generation() != generation()) {
        replaced();
      }
    }

    @Override
    public void ended(Throwable failure, boolean isStale) {
      if (!closed) {
        stale |= isStale;
        failed(failure);
      }
    }
  }

  // ---- time

  private void tick() {
    if (closed) {
      return;
    }
    long now = clock.nanoTime();
    long longest = Math.max(settings.lease().toSeconds(), copy.longestLeaseSeconds());
    if (!connected && now - lastContact > TimeUnit.SECONDS.toNanos(longest)) {
      copy.clear();
      stale = true;
    }
    EtcdCalls to = calls;
    if (connected && !renewing && lease != 0 && to != null) {
      renew(to);
    }
  }

  private void renew(EtcdCalls to) {
    renewing = true;
    var _ =
        to.renew(lease)
            .whenCompleteAsync(
                (seconds, failure) -> {
                  renewing = false;
                  if (closed) {
                    return;
                  }
                  if (failure == null && seconds > 0) {
                    contact();
                  } else if (failure == null || EtcdFailures.isUnknownLease(failure)) {
                    loseLease();
                    failed(new IllegalStateException("the lease has ended"));
                  } else {
                    failed(failure);
                  }
                },
                thread);
  }

  private void contact() {
    lastContact = clock.nanoTime();
  }

  // ---- the end

  /** Withdraws the member where etcd can be reached; completes in any case. */
  CompletableFuture<?> close(Duration timeout) {
    closed = true;
    connected = false;
    firstAttempt.complete(false);
    writer.enable(false);
    following.close();
    EtcdCalls now = calls;
    if (now == null || lease == 0) {
      return done();
    }
    return now.revoke(lease)
        .handle((done, failure) -> null)
        .copy()
        .completeOnTimeout(null, timeout.toMillis(), TimeUnit.MILLISECONDS);
  }

  void closeCalls() {
    following.close();
    EtcdCalls now = calls;
    calls = null;
    if (now != null) {
      now.close();
    }
  }

  private static CompletableFuture<Boolean> done() {
    return CompletableFuture.completedFuture(true);
  }
}
