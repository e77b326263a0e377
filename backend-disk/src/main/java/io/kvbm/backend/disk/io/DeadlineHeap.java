package io.kvbm.backend.disk.io;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Jobs by deadline, the earliest first. A job knows its place, so that the many that end in time
 * are taken out in logarithmic time.
 */
final class DeadlineHeap {

  private @Nullable Job[] jobs = new Job[64];
  private int size;

  @Nullable Job first() {
    return size == 0 ? null : jobs[0];
  }

  void add(Job job) {
    if (size == jobs.length) {
      jobs = Arrays.copyOf(jobs, size * 2);
    }
    place(job, size++);
    up(job);
  }

  /** Takes a job out; does nothing where it is not in. */
  void remove(Job job) {
    int at = job.heapPlace;
    if (at == Job.NO_PLACE) {
      return;
    }
    job.heapPlace = Job.NO_PLACE;
    Job moved = at(--size);
    jobs[size] = null;
    if (moved != job) {
      place(moved, at);
      up(moved);
      down(moved);
    }
  }

  private void up(Job job) {
    while (job.heapPlace > 0) {
      Job parent = at((job.heapPlace - 1) / 2);
      if (!isBefore(job, parent)) {
        return;
      }
      swap(job, parent);
    }
  }

  private void down(Job job) {
    while (true) {
      int left = 2 * job.heapPlace + 1;
      if (left >= size) {
        return;
      }
      Job child = at(left);
      if (left + 1 < size && isBefore(at(left + 1), child)) {
        child = at(left + 1);
      }
      if (!isBefore(child, job)) {
        return;
      }
      swap(child, job);
    }
  }

  private void swap(Job a, Job b) {
    int place = a.heapPlace;
    place(a, b.heapPlace);
    place(b, place);
  }

  private void place(Job job, int at) {
    jobs[at] = job;
    job.heapPlace = at;
  }

  private Job at(int place) {
    Job job = jobs[place];
    if (job == null) {
      throw new IllegalStateException("no job at " + place);
    }
    return job;
  }

  /** By difference: {@link System#nanoTime} may overflow. */
  private static boolean isBefore(Job a, Job b) {
    return a.current().deadlineNanos() - b.current().deadlineNanos() < 0;
  }
}
