package io.kvbm.backend.remote.directory.etcd;

import io.etcd.jetcd.KeyValue;
import io.etcd.jetcd.Watch;
import io.etcd.jetcd.common.exception.CompactedException;
import io.etcd.jetcd.watch.WatchEvent;
import io.etcd.jetcd.watch.WatchResponse;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Follows what changes from a revision on, and remembers how far it came, so that another watch
 * goes on from there. On the directory's thread.
 */
final class Following {

  private final RecordKeys keys;
  private final LocalCopy copy;
  private final Executor thread;
  private final Follower follower;

  private Watch.@Nullable Watcher watcher;
  private @Nullable WatchFeed feed;
  private long from;

  /** Who wants to know. */
  interface Follower {

    /** Etcd has said something. */
    void heard();

    /**
     * A record was put.
     *
     * @param record before the copy has it
     */
    void put(KeyValue record);

    /**
     * The watch has ended.
     *
     * @param isStale whether changes were missed, so that everything must be read anew
     */
    void ended(Throwable failure, boolean isStale);
  }

  Following(RecordKeys keys, LocalCopy copy, Executor thread, Follower follower) {
    this.keys = keys;
    this.copy = copy;
    this.thread = thread;
    this.follower = follower;
  }

  boolean isOpen() {
    return watcher != null;
  }

  /** The copy is that of a revision: what comes behind it is to be followed. */
  void startAfter(long revision) {
    from = revision + 1;
  }

  void open(EtcdCalls calls) {
    if (watcher == null) {
      WatchFeed next = new WatchFeed(thread, this::follow, this::failed);
      feed = next;
      watcher = calls.watch(keys.root(), from, next);
    }
  }

  void close() {
    Watch.Watcher now = watcher;
    watcher = null;
    feed = null;
    if (now != null) {
      now.close();
    }
  }

  private void follow(WatchFeed of, WatchResponse response) {
    if (of != feed) {
      return;
    }
    follower.heard();
    for (WatchEvent event : response.getEvents()) {
      KeyValue record = event.getKeyValue();
      from = Math.max(from, record.getModRevision() + 1);
      if (event.getEventType() == WatchEvent.EventType.PUT) {
        follower.put(record);
        copy.put(record);
      } else {
        copy.delete(record);
      }
    }
  }

  private void failed(WatchFeed of, Throwable failure) {
    if (of != feed) {
      return;
    }
    close();
    Throwable cause = EtcdFailures.unwrap(failure);
    follower.ended(
        failure,
        cause instanceof CompactedException || cause instanceof WatchFeed.OverflowException);
  }
}
