package io.kvbm.backend.disk.object;

import io.kvbm.api.KvbmException;
import io.kvbm.api.store.ObjectStat;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Changes of one call, which take effect together, and the thread that waits for them. */
final class Commit {

  private final List<Operation> operations;
  private final Thread caller = Thread.currentThread();
  private final List<Optional<ObjectStat>> results = new ArrayList<>();
  private @Nullable KvbmException failure;
  private long sequence;
  private volatile boolean done;

  Commit(List<Operation> operations) {
    this.operations = operations;
  }

  List<Operation> operations() {
    return operations;
  }

  boolean isFreeing() {
    return operations.stream().allMatch(each -> each.isDelete() || each.movedFrom() != null);
  }

  long byteSize() {
    long total = 0;
    for (Operation operation : operations) {
      total += operation.header().entryByteSize();
    }
    return total;
  }

  /** {@return what is known of each operation's object: after a put, before a delete} */
  List<Optional<ObjectStat>> results() {
    return results;
  }

  /** {@return the number up to which the log must be synced for these changes to be durable} */
  long sequence() {
    return sequence;
  }

  void succeed(List<Optional<ObjectStat>> known, long upTo) {
    results.addAll(known);
    sequence = upTo;
    finish();
  }

  void fail(KvbmException cause) {
    failure = cause;
    finish();
  }

  private void finish() {
    done = true;
    java.util.concurrent.locks.LockSupport.unpark(caller);
  }

  Thread caller() {
    return caller;
  }

  boolean isDone() {
    return done;
  }

  void throwFailure() {
    if (failure != null) {
      throw failure;
    }
  }
}
