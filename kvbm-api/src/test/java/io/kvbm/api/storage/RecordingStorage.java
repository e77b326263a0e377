package io.kvbm.api.storage;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** Off-heap memory that writes down what is done to it. */
public final class RecordingStorage extends AbstractStorage {

  /** What happened, in order. */
  public final List<String> events = new ArrayList<>();

  private final Arena arena;
  private final MemorySegment bytes;

  private RecordingStorage(StorageType type, Arena arena, MemorySegment bytes) {
    super(type, bytes.address(), bytes.byteSize());
    this.arena = arena;
    this.bytes = bytes;
  }

  /** {@return zeroed memory of the system kind} */
  public static RecordingStorage of(long byteSize) {
    return of(StorageType.SYSTEM, byteSize);
  }

  /** {@return zeroed memory that calls itself of the given kind} */
  public static RecordingStorage of(StorageType type, long byteSize) {
    Arena arena = Arena.ofShared();
    return new RecordingStorage(type, arena, arena.allocate(byteSize, 64));
  }

  @Override
  public boolean isHostAccessible() {
    return true;
  }

  @Override
  protected Region openRegion() {
    return new Region.HostRegion(bytes);
  }

  @Override
  protected void fill(byte value, long offset, long length) {
    bytes.asSlice(offset, length).fill(value);
  }

  @Override
  protected void free() {
    events.add("free");
    arena.close();
  }
}
