package io.kvbm.core.pool;

import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Blocks whose last user left since the policy was last told. Pushed without a lock, taken all at
 * once under the pool's lock, so a node is never in two hands. A slot is in it at most once; {@link
 * Slot} keeps the mark.
 */
final class ReturnStack {

  private final AtomicReference<@Nullable Slot> head = new AtomicReference<>();

  void push(Slot slot) {
    Slot seen = head.get();
    while (true) {
      slot.nextReturned = seen;
      Slot found = head.compareAndExchange(seen, slot);
      if (found == seen) {
        return;
      }
      seen = found;
    }
  }

  /** {@return all slots, linked in the order they were pushed, or null} */
  @Nullable Slot takeAll() {
    Slot newestFirst = head.get() == null ? null : head.getAndSet(null);
    Slot oldestFirst = null;
    while (newestFirst != null) {
      Slot next = newestFirst.nextReturned;
      newestFirst.nextReturned = oldestFirst;
      oldestFirst = newestFirst;
      newestFirst = next;
    }
    return oldestFirst;
  }
}
