package io.kvbm.core.registry;

import io.kvbm.api.block.BlockKey;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * A part of the registry: a hash table whose chains run through the registrations themselves, so
 * that a new block costs one object. Changes happen under this object's monitor; {@link #find}
 * takes no lock.
 *
 * <p>A reader cannot miss what is there all the time: new registrations come in front, a removed
 * one keeps its link to the rest of the chain, and while the table grows, when links do change,
 * {@link #moves} differs and the reader looks again under the monitor.
 */
@SuppressWarnings("NonAtomicVolatileUpdate") // written under the monitor, read by anyone
final class RegistryStripe {

  private static final int MIN_BUCKETS = 16;
  private static final int MAX_BUCKETS = 1 << 26;

  private volatile AtomicReferenceArray<@Nullable BlockRegistration> buckets;

  /** Odd while links are changed by growing. */
  private volatile int moves;

  private volatile int size;

  RegistryStripe(int expected) {
    int bucketCount = MIN_BUCKETS;
    while (bucketCount < expected && bucketCount < MAX_BUCKETS) {
      bucketCount <<= 1;
    }
    buckets = new AtomicReferenceArray<>(bucketCount);
  }

  int size() {
    return size;
  }

  @Nullable BlockRegistration find(BlockKey key, int hash) {
    int before = moves;
    BlockRegistration found = search(key, hash);
    if (found != null || (before & 1) == 0 && before == moves) {
      return found;
    }
    synchronized (this) {
      return search(key, hash);
    }
  }

  /** Returns the registration of the key, which is made if there is none. The monitor is held. */
  BlockRegistration findOrAdd(BlockKey key, int hash) {
    BlockRegistration found = search(key, hash);
    if (found != null) {
      return found;
    }
    if (size >= buckets.length() && size < MAX_BUCKETS) {
      grow();
    }
    BlockRegistration added = new BlockRegistration(key, this);
    push(buckets, added, hash);
    size = size + 1;
    return added;
  }

  /** Unlinks a registration that is in the table. The monitor is held. */
  void remove(BlockRegistration registration) {
    int index = indexOf(BlockRegistry.hash(registration.key()), buckets);
    BlockRegistration current = buckets.get(index);
    if (current == registration) {
      buckets.setRelease(index, registration.next);
    } else {
      while (current != null && current.next != registration) {
        current = current.next;
      }
      if (current != null) {
        current.next = registration.next;
      }
    }
    size = size - 1;
  }

  private @Nullable BlockRegistration search(BlockKey key, int hash) {
    AtomicReferenceArray<@Nullable BlockRegistration> table = buckets;
    BlockRegistration current = table.getAcquire(indexOf(hash, table));
    while (current != null && !isSame(current.key(), key)) {
      current = current.next;
    }
    return current;
  }

  private void grow() {
    AtomicReferenceArray<@Nullable BlockRegistration> from = buckets;
    AtomicReferenceArray<@Nullable BlockRegistration> to =
        new AtomicReferenceArray<>(2 * from.length());
    moves = moves + 1;
    for (int i = 0; i < from.length(); i++) {
      BlockRegistration current = from.get(i);
      while (current != null) {
        BlockRegistration next = current.next;
        push(to, current, BlockRegistry.hash(current.key()));
        current = next;
      }
    }
    buckets = to;
    moves = moves + 1;
  }

  private static void push(
      AtomicReferenceArray<@Nullable BlockRegistration> table,
      BlockRegistration registration,
      int hash) {
    int index = indexOf(hash, table);
    registration.next = table.get(index);
    table.setRelease(index, registration);
  }

  private static int indexOf(int hash, AtomicReferenceArray<@Nullable BlockRegistration> table) {
    return hash & table.length() - 1;
  }

  private static boolean isSame(BlockKey left, BlockKey right) {
    return left.lo() == right.lo() && left.hi() == right.hi();
  }
}
