package io.kvbm.backend.remote.directory.etcd;

import io.kvbm.api.block.BlockKey;
import io.kvbm.api.remote.BlockDirectory;
import io.kvbm.api.remote.DirectoryListener;
import io.kvbm.api.remote.DirectoryMember;
import io.kvbm.api.remote.DirectoryStatistics;
import io.kvbm.api.spi.BackendContext;
import io.kvbm.backend.remote.directory.Notices;
import io.kvbm.backend.remote.directory.Publications;
import io.kvbm.backend.remote.directory.Roster;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;

/** One member of a directory in etcd. */
final class EtcdDirectory implements BlockDirectory {

  private static final Duration LONGEST_WITHDRAWAL = Duration.ofSeconds(2);

  private final DirectoryMember self;
  private final EtcdSettings settings;
  private final Publications publications;
  private final Notices notices;
  private final LocalCopy copy;
  private final Session session;
  private final ScheduledThreadPoolExecutor thread;
  private final AtomicBoolean sendPlanned = new AtomicBoolean();
  private final AtomicBoolean sendNow = new AtomicBoolean();
  private final AtomicBoolean closed = new AtomicBoolean();

  EtcdDirectory(
      DirectoryMember self,
      EtcdSettings settings,
      DirectoryListener listener,
      BackendContext context) {
    this.self = self;
    this.settings = settings;
    String name = self.agent().name();
    thread =
        new ScheduledThreadPoolExecutor(
            1,
            work -> {
              Thread made = new Thread(work, "kvbm-directory-" + name);
              made.setDaemon(true);
              return made;
            },
            (work, pool) -> {
              // closed: nobody waits for what comes after
            });
    thread.setRemoveOnCancelPolicy(true);
    RecordKeys keys = new RecordKeys(settings.namespace());
    publications = new Publications(settings.limits().ownBlocks());
    notices = new Notices(listener, context.ioExecutor(), context.logger());
    copy = new LocalCopy(name, keys, settings.limits(), notices, context.logger());
    session =
        new Session(
            self,
            settings,
            keys,
            copy,
            publications,
            notices,
            context.clock(),
            context.logger(),
            thread);
  }

  /** Announces the member, or returns when that cannot be done now. */
  void join() {
    thread.execute(session::start);
    await(session.firstAttempt(), settings.timeout().multipliedBy(2));
  }

  @Override
  public void publish(List<BlockKey> added, List<BlockKey> removed) {
    if (!closed.get()) {
      planSend(publications.change(added, removed));
    }
  }

  @Override
  public void clear() {
    if (!closed.get()) {
      publications.clear();
      planSend(1);
    }
  }

  private void planSend(int waiting) {
    if (waiting >= settings.batchBlocks()) {
      if (sendNow.compareAndSet(false, true)) {
        thread.execute(
            () -> {
              sendNow.set(false);
              session.writer().send();
            });
      }
    } else if (sendPlanned.compareAndSet(false, true)) {
      var _ =
          thread.schedule(
              () -> {
                sendPlanned.set(false);
                session.writer().send();
              },
              settings.batchDelay().toNanos(),
              TimeUnit.NANOSECONDS);
    }
  }

  @Override
  public List<Holder> holders(long fingerprint, List<BlockKey> keys, int from) {
    return copy.roster().holders(fingerprint, keys, from, -1, self.agent().name().hashCode());
  }

  @Override
  public List<DirectoryMember> members() {
    return copy.roster().members(-1);
  }

  @Override
  public boolean isConnected() {
    return session.isConnected();
  }

  @Override
  public boolean flush(Duration timeout) {
    if (closed.get()) {
      return false;
    }
    CompletableFuture<Boolean> done = new CompletableFuture<>();
    long changes = publications.changes();
    thread.execute(() -> session.writer().flush(changes, done));
    boolean sent = await(done, timeout);
    done.complete(false); // a waiter that gave up is forgotten
    return sent;
  }

  @Override
  public DirectoryStatistics statistics() {
    Roster roster = copy.roster();
    return new DirectoryStatistics(
        roster.members(-1).size(),
        roster.index().entries(),
        publications.published(),
        session.writer().batches(),
        session.failures(),
        session.resyncs(),
        session.lostLeases(),
        publications.dropped() + copy.dropped());
  }

  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    notices.close();
    Duration limit =
        settings.timeout().compareTo(LONGEST_WITHDRAWAL) < 0
            ? settings.timeout()
            : LONGEST_WITHDRAWAL;
    try {
      CompletableFuture<Boolean> withdrawn =
          CompletableFuture.supplyAsync(() -> session.close(limit), thread)
              .thenCompose(revoked -> revoked)
              .thenApply(revoked -> true);
      await(withdrawn, limit.plus(limit));
      await(
          CompletableFuture.supplyAsync(
              () -> {
                session.closeCalls();
                copy.clear();
                return true;
              },
              thread),
          limit);
    } catch (RejectedExecutionException e) {
      // cannot be: only this call ends the thread
    } finally {
      thread.shutdownNow();
    }
  }

  private static boolean await(CompletableFuture<Boolean> done, Duration timeout) {
    try {
      return done.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    } catch (TimeoutException | java.util.concurrent.ExecutionException e) {
      return false;
    }
  }
}
