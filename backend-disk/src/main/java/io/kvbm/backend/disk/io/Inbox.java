package io.kvbm.backend.disk.io;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * What many threads hand to one, without waiting: a stack that the reader takes as a whole and
 * turns around.
 *
 * <p>Sealing and adding exclude each other, so nothing is ever added that nobody will take.
 */
final class Inbox<T> {

  private static final VarHandle TOP;

  static {
    try {
      TOP = MethodHandles.lookup().findVarHandle(Inbox.class, "top", Node.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final Node<T> sealed = new Node<>(null);

  @SuppressWarnings("unused") // through TOP
  private volatile @Nullable Node<T> top;

  /** An entry and the one handed in before or, once turned around, after it. */
  static final class Node<T> {
    final @Nullable T value;
    @Nullable Node<T> next;

    Node(@Nullable T value) {
      this.value = value;
    }
  }

  /** {@return whether the value was added; false once the inbox is sealed} */
  boolean add(T value) {
    Node<T> node = new Node<>(value);
    while (true) {
      Node<T> before = top;
      if (before == sealed) {
        return false;
      }
      node.next = before;
      if (TOP.compareAndSet(this, before, node)) {
        return true;
      }
    }
  }

  boolean isEmpty() {
    return top == null;
  }

  /** {@return what was added since the last time, the oldest first; null if nothing} */
  @Nullable Node<T> takeAll() {
    if (top == null) {
      return null;
    }
    @SuppressWarnings("unchecked")
    Node<T> taken = (Node<T>) TOP.getAndSet(this, null);
    Node<T> turned = null;
    while (taken != null) {
      Node<T> after = taken.next;
      taken.next = turned;
      turned = taken;
      taken = after;
    }
    return turned;
  }

  /** {@return whether nothing can be added from now on; false where something waits to be taken} */
  boolean seal() {
    return TOP.compareAndSet(this, null, sealed);
  }
}
