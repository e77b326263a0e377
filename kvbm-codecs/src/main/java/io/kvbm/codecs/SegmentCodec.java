package io.kvbm.codecs;

import io.kvbm.api.BackendException;
import io.kvbm.api.CallerException;
import io.kvbm.api.CorruptionException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.codec.Codec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * What the codecs share: arguments are checked, and the library underneath gets memory off the heap
 * that is not a mapped file. Off-heap segments go to it as they are; others by way of a copy.
 */
abstract class SegmentCodec implements Codec {

  private final String name;

  SegmentCodec(String name) {
    this.name = name;
  }

  @Override
  public final String name() {
    return name;
  }

  /** Compresses native memory. {@return how many bytes were written} */
  abstract long compress(MemorySegment source, MemorySegment target);

  /** Expands native memory and throws {@link #malformed} unless it fills the target. */
  abstract void expand(MemorySegment source, MemorySegment target);

  @Override
  public final long encode(MemorySegment source, MemorySegment target) {
    requireApart(source, target);
    long atMost = maxEncodedByteSize(source.byteSize());
    if (target.byteSize() < atMost) {
      throw new CallerException(
          ErrorCode.OUT_OF_BOUNDS,
          "%d bytes by codec %s can become %d, the target has %d"
              .formatted(source.byteSize(), name, atMost, target.byteSize()));
    }
    requireWritable(target);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment input = readable(source, arena);
      if (target.isNative() && !target.isMapped()) {
        return compress(input, target);
      }
      MemorySegment output = arena.allocate(Math.max(1, atMost), Long.BYTES);
      long byteSize = compress(input, output);
      MemorySegment.copy(output, 0, target, 0, byteSize);
      return byteSize;
    }
  }

  @Override
  public final void decode(MemorySegment source, MemorySegment target) {
    requireApart(source, target);
    requireWritable(target);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment input = readable(source, arena);
      if (target.isNative() && !target.isMapped()) {
        expand(input, target);
        return;
      }
      MemorySegment output = allocate(arena, target.byteSize());
      expand(input, output);
      MemorySegment.copy(output, 0, target, 0, output.byteSize());
    }
  }

  /** {@return how to say that a source is not what this codec writes} */
  final CorruptionException malformed(String why) {
    return new CorruptionException(
        ErrorCode.CORRUPT, "not the output of codec %s: %s".formatted(name, why));
  }

  private static MemorySegment readable(MemorySegment source, Arena arena) {
    if (source.isNative() && !source.isMapped()) {
      return source;
    }
    MemorySegment copy = allocate(arena, source.byteSize());
    try {
      MemorySegment.copy(source, 0, copy, 0, source.byteSize());
    } catch (InternalError e) {
      throw new BackendException(
          ErrorCode.OPERATION_FAILED,
          "a mapped source cannot be read: its file was cut or its device failed",
          e);
    }
    return copy;
  }

  private static MemorySegment allocate(Arena arena, long byteSize) {
    return arena.allocate(Math.max(1, byteSize), Long.BYTES).asSlice(0, byteSize);
  }

  private void requireApart(MemorySegment source, MemorySegment target) {
    if (source.asOverlappingSlice(target).isPresent()) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT,
          "source and target of codec %s overlap; keep them apart".formatted(name));
    }
  }

  private void requireWritable(MemorySegment target) {
    if (target.isReadOnly()) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT, "the target of codec %s is read-only".formatted(name));
    }
  }
}
