package io.kvbm.backend.system;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;

/** Memory with several users, freed by the last of them. Starts with one. */
final class SharedBlock {

  private final HostBlock block;
  private final AtomicInteger users = new AtomicInteger(1);

  SharedBlock(HostBlock block) {
    this.block = block;
  }

  /** {@return the bytes, valid while the caller is a user} */
  MemorySegment segment() {
    return block.segment();
  }

  /** Adds a user. Only a user may call this, or somebody who keeps one from leaving. */
  void retain() {
    users.incrementAndGet();
  }

  /** Takes a user away. */
  void release() {
    if (users.decrementAndGet() == 0) {
      block.free();
    }
  }
}
