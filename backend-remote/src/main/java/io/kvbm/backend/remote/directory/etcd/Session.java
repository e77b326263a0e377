package io.kvbm.backend.remote.directory.etcd;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Watch;
import io.etcd.jetcd.common.exception.CompactedException;
import io.etcd.jetcd.watch.WatchEvent;
import io.etcd.jetcd.watch.WatchResponse;
import io.kvbm.api.remote.DirectoryMember;
import io.kvbm.api.spi.Clock;
import io.kvbm.backend.remote.directory.Notices;
import io.kvbm.backend.remote.directory.Publications;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The lease, the watch and the way back to them. Everything happens on the directory's thread,
 * which never waits for the network; the fields that are volatile are read elsewhere.
 */
final class Session {

  private static final long LEAST_BACKOFF_MILLIS = 100;
  private static final int ATTEMPTS_PER_CLIENT = 4;
  private static final long MOST_BACKOFF_MILLIS = 2000;

  private final DirectoryMember self;
  private final EtcdSettings settings;
  private final RecordKeys keys;
  private final LocalCopy copy;
  private final SegmentWriter writer;
  private final Notices notices;
  private final Clock clock;
  private final System.Logger logger;
  private final ScheduledExecutorService thread;
  private final CompletableFuture<Boolean> firstAttempt = new CompletableFuture<>();

  private @Nullable EtcdCalls calls;
  private Watch.@Nullable Watcher watcher;
  private @Nullable WatchFeed feed;
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
  private long watchFrom;
  private long announcedRevision;
  private int attempts;
  private long lastContact;
  private long lastRenewal;
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
    lastRenewal = lastContact;
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
              } else if (stale || watcher == null) {
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
                if (failure == null || isUnknownLease(failure)) {
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
              lastRenewal = clock.nanoTime();
              writer.restart();
              return true;
            },
            thread);
  }

  private CompletableFuture<Boolean> read(EtcdCalls now) {
    closeWatch();
    Rebuild rebuild = new Rebuild(self.agent().name(), keys, copy, settings.limits());
    return readPages(now, keys.members(), keys.members(), 0, rebuild)
        .thenComposeAsync(
            revision -> readPages(now, keys.blocks(), keys.blocks(), revision, rebuild), thread)
        .thenApplyAsync(
            revision -> {
              rebuild.finish();
              DirectoryMember own = rebuild.own();
              if (everAnnounced && own != null && own.agent().generation() != generation()) {
                replaced();
              }
              resyncs.incrementAndGet();
              copy.replace(rebuild);
              watchFrom = revision + 1;
              stale = false;
              contact(); // or the next tick forgets what has just been read
              return true;
            },
            thread);
  }

  private CompletableFuture<Long> readPages(
      EtcdCalls now, ByteSequence from, ByteSequence prefix, long revision, Rebuild rebuild) {
    return now.page(from, prefix, revision)
        .thenComposeAsync(
            page -> {
              long asOf = revision == 0 ? page.getHeader().getRevision() : revision;
              page.getKvs().forEach(rebuild::take);
              if (!page.isMore() || page.getKvs().isEmpty()) {
                return CompletableFuture.completedFuture(asOf);
              }
              ByteSequence next =
                  page.getKvs().getLast().getKey().concat(ByteSequence.from(new byte[1]));
              return readPages(now, next, prefix, asOf, rebuild);
            },
            thread);
  }

  private CompletableFuture<Boolean> announce(EtcdCalls now) {
    if (closed) {
      return CompletableFuture.failedFuture(new IllegalStateException("closed"));
    }
    if (watcher == null) {
      WatchFeed next = new WatchFeed(thread, this::follow, this::watchFailed);
      feed = next;
      watcher = now.watch(keys.root(), watchFrom, next);
    }
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
    attempts = 0;
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
              .formatted(settings, reason(failure)));
    }
    firstAttempt.complete(false);
    if (!connecting && !closed && !retryPlanned) {
      retryPlanned = true;
      if (isRefused(failure) || attempts % ATTEMPTS_PER_CLIENT == ATTEMPTS_PER_CLIENT - 1) {
        closeCalls(); // a new client signs in anew, and does not keep to gRPC's own long pauses
      }
      long backoff =
          Math.min(MOST_BACKOFF_MILLIS, LEAST_BACKOFF_MILLIS << Math.min(10, attempts++));
      long jitter = ThreadLocalRandom.current().nextLong(backoff / 2 + 1);
      var _ = thread.schedule(this::connect, backoff / 2 + jitter, TimeUnit.MILLISECONDS);
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

  private void follow(WatchFeed from, WatchResponse response) {
    if (from != feed) {
      return;
    }
    contact();
    for (WatchEvent event : response.getEvents()) {
      boolean put = event.getEventType() == WatchEvent.EventType.PUT;
      watchFrom = Math.max(watchFrom, event.getKeyValue().getModRevision() + 1);
      if (put) {
        if (event.getKeyValue().getKey().equals(keys.member(self.agent().name()))) {
          followOwn(event);
        }
        copy.put(event.getKeyValue());
      } else {
        copy.delete(event.getKeyValue());
      }
    }
  }

  private void followOwn(WatchEvent event) {
    MemberRecord record =
        MemberRecord.decode(self.agent().name(), event.getKeyValue().getValue().getBytes());
    if (announced
        && event.getKeyValue().getModRevision() > announcedRevision
        && record != null
        && record.member().agent().generation() != generation()) {
      replaced();
    }
  }

  private void watchFailed(WatchFeed from, Throwable failure) {
    if (from != feed || closed) {
      return;
    }
    closeWatch();
    Throwable cause = unwrap(failure);
    if (cause instanceof CompactedException || cause instanceof WatchFeed.OverflowException) {
      stale = true;
    }
    failed(failure);
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
                    lastRenewal = clock.nanoTime();
                    contact();
                  } else if (failure == null || isUnknownLease(failure)) {
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
    closeWatch();
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
    closeWatch();
    EtcdCalls now = calls;
    calls = null;
    if (now != null) {
      now.close();
    }
  }

  private void closeWatch() {
    Watch.Watcher now = watcher;
    watcher = null;
    feed = null;
    if (now != null) {
      now.close();
    }
  }

  // ---- what failures mean

  private static boolean isUnknownLease(Throwable failure) {
    String text = String.valueOf(unwrap(failure).getMessage());
    return text.contains("lease not found");
  }

  private static boolean isRefused(Throwable failure) {
    String text = String.valueOf(unwrap(failure).getMessage()).toLowerCase(Locale.ROOT);
    return text.contains("auth") || text.contains("user name") || text.contains("permission");
  }

  private static String reason(Throwable failure) {
    Throwable cause = unwrap(failure);
    String text =
        cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
    return text.lines().findFirst().orElse("");
  }

  private static Throwable unwrap(Throwable failure) {
    Throwable cause = failure.getCause();
    return failure instanceof CompletionException && cause != null ? unwrap(cause) : failure;
  }

  private static CompletableFuture<Boolean> done() {
    return CompletableFuture.completedFuture(true);
  }
}
