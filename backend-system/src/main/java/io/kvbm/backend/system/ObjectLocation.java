package io.kvbm.backend.system;

import io.kvbm.api.ErrorCode;
import io.kvbm.api.TransientException;
import io.kvbm.api.spi.Clock;
import org.jspecify.annotations.Nullable;

/**
 * The objects of one location, shared by the stores open on it and dropped with the last of them.
 */
final class ObjectLocation {

  private final String name;
  private final ObjectTable table;
  private @Nullable String writer;
  private int openStores;

  ObjectLocation(String name, Clock clock) {
    this.name = name;
    this.table = new ObjectTable(clock);
  }

  String name() {
    return name;
  }

  ObjectTable table() {
    return table;
  }

  synchronized void open(boolean forWriting) {
    if (forWriting) {
      if (writer != null) {
        throw new TransientException(
            ErrorCode.LOCKED,
            "object store '%s' is open for writing by %s; close it there or open a snapshot"
                .formatted(name, writer));
      }
      writer =
          "thread '%s' of process %d"
              .formatted(Thread.currentThread().getName(), ProcessHandle.current().pid());
    }
    openStores++;
  }

  synchronized void close(boolean forWriting) {
    if (forWriting) {
      writer = null;
    }
    if (--openStores == 0) {
      table.clear();
    }
  }
}
