package io.kvbm.backend.system;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Host memory in use. Whoever reserved it frees it, once. */
final class HostBlock {

  private final Arena arena;
  private final MemorySegment segment;
  private final Runnable afterFree;

  HostBlock(Arena arena, MemorySegment segment, Runnable afterFree) {
    this.arena = arena;
    this.segment = segment;
    this.afterFree = afterFree;
  }

  /** {@return the bytes, valid until freed} */
  MemorySegment segment() {
    return segment;
  }

  /** {@return the same memory, with one more thing to do after it was freed} */
  HostBlock andThen(Runnable more) {
    return new HostBlock(
        arena,
        segment,
        () -> {
          afterFree.run();
          more.run();
        });
  }

  /**
   * Gives the memory back.
   *
   * @throws IllegalStateException if a native call or a channel is using the bytes; nothing was
   *     freed
   */
  void free() {
    arena.close();
    afterFree.run();
  }
}
