package io.kvbm.backend.disk.io;

import org.jspecify.annotations.Nullable;

/** Jobs in the order they came; any can be taken out at once, and nothing is allocated. */
final class JobQueue {

  private @Nullable Job first;
  private @Nullable Job last;

  boolean isEmpty() {
    return first == null;
  }

  @Nullable Job first() {
    return first;
  }

  void add(Job job) {
    Job before = last;
    job.queued = true;
    job.previous = before;
    job.next = null;
    last = job;
    if (before == null) {
      first = job;
    } else {
      before.next = job;
    }
  }

  void remove(Job job) {
    Job before = job.previous;
    Job after = job.next;
    if (before == null) {
      first = after;
    } else {
      before.next = after;
    }
    if (after == null) {
      last = before;
    } else {
      after.previous = before;
    }
    job.previous = null;
    job.next = null;
    job.queued = false;
  }
}
