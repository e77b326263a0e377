package io.kvbm.backend.disk.object;

import io.kvbm.api.CallerException;
import io.kvbm.api.CapacityException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.store.ObjectStat;
import io.kvbm.api.store.ObjectWriter;
import io.kvbm.api.store.PutOptions;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** Collects a value in memory, and in a file of its own once it is long. */
final class StagedWriter implements ObjectWriter {

  private static final long FIRST = 64 << 10;

  private final LogObjectStore store;
  private final String key;
  private final PutOptions options;
  private final Buffers buffers;
  private final StoreSettings settings;
  private Buffers.@Nullable Buffer buffer;
  private ObjectFiles.@Nullable Writer file;
  private long position;
  private boolean ended;

  StagedWriter(
      LogObjectStore store,
      String key,
      PutOptions options,
      Buffers buffers,
      StoreSettings settings) {
    this.store = store;
    this.key = key;
    this.options = options;
    this.buffers = buffers;
    this.settings = settings;
  }

  @Override
  public void write(MemorySegment bytes) {
    requireOpen();
    long next = position + bytes.byteSize();
    if (next > settings.maxValueByteSize()) {
      throw new CapacityException(
          ErrorCode.ALLOCATION_FAILED,
          "limit maxValueByteSize of %d bytes is reached by object '%s'; raise it or store less"
              .formatted(settings.maxValueByteSize(), key),
          next,
          settings.maxValueByteSize());
    }
    if (file == null && next >= settings.fileByteSize()) {
      spill();
    }
    if (file != null) {
      file.write(bytes);
    } else {
      MemorySegment.copy(bytes, 0, withRoomFor(next), position, bytes.byteSize());
    }
    position = next;
  }

  private void spill() {
    ObjectFiles.Writer made = store.makeFile(key);
    file = made;
    if (buffer != null) {
      made.write(buffer.memory().asSlice(0, position));
      buffer.close();
      buffer = null;
    }
  }

  private MemorySegment withRoomFor(long byteSize) {
    Buffers.Buffer current = buffer;
    if (current != null && current.memory().byteSize() >= byteSize) {
      return current.memory();
    }
    Buffers.Buffer larger = buffers.borrow(Math.max(FIRST, byteSize));
    if (current != null) {
      MemorySegment.copy(current.memory(), 0, larger.memory(), 0, position);
      current.close();
    }
    buffer = larger;
    return larger.memory();
  }

  @Override
  public long position() {
    return position;
  }

  @Override
  public ObjectStat commit() {
    requireOpen();
    ObjectStat stat;
    if (file != null) {
      stat = store.publish(file, options);
    } else {
      MemorySegment value =
          buffer == null ? MemorySegment.NULL : buffer.memory().asSlice(0, position);
      stat = store.put(key, value, options);
    }
    end();
    return stat;
  }

  @Override
  public void close() {
    end();
  }

  private void end() {
    ended = true;
    if (buffer != null) {
      buffer.close();
      buffer = null;
    }
    if (file != null) {
      file.close();
      file = null;
    }
  }

  private void requireOpen() {
    if (ended) {
      throw new CallerException(
          ErrorCode.CLOSED, "writer of object '" + key + "' has ended; start another one");
    }
  }
}
