package io.kvbm.api.storage;

import io.kvbm.api.CallerException;
import io.kvbm.api.ClosedException;
import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The part every storage shares: closing after the last lease, registrations, bounds.
 *
 * <p>A subclass gives its region, fills bytes in {@link #fill} and frees them in {@link #free}.
 */
@Stability(Stability.Level.STABLE)
public abstract class AbstractStorage implements RegistrableStorage {

  private final StorageType type;
  private final long address;
  private final long byteSize;
  private final Object lock = new Object();
  private final Map<String, RegistrationHandle> registrations = new LinkedHashMap<>();
  private int leases;
  private volatile boolean closed;
  private boolean freed;

  /**
   * Creates a storage.
   *
   * @param type the kind of memory and its id
   * @param address the address of the first byte, 0 where there is none
   * @param byteSize the length in bytes, above zero
   */
  protected AbstractStorage(StorageType type, long address, long byteSize) {
    this.type = Objects.requireNonNull(type, "type");
    this.address = address;
    this.byteSize = byteSize;
    if (byteSize <= 0) {
      throw new ConfigurationException(
          ErrorCode.INVALID_CONFIG,
          "storage size must be above zero bytes, got " + byteSize + " for " + type);
    }
  }

  /** {@return all bytes as a region; called only before {@link #free}} */
  protected abstract Region openRegion();

  /**
   * Sets a range that was checked.
   *
   * @param value the byte
   * @param offset the first byte
   * @param length how many, above zero
   */
  protected abstract void fill(byte value, long offset, long length);

  /** Frees the bytes. Called once, after the last lease and with every registration released. */
  protected abstract void free();

  @Override
  public final StorageType type() {
    return type;
  }

  @Override
  public final long address() {
    return address;
  }

  @Override
  public final long byteSize() {
    return byteSize;
  }

  @Override
  public final Region region() {
    if (closed) {
      requireLeased();
    }
    return openRegion();
  }

  @Override
  public final void memset(int value, long offset, long length) {
    if (value < 0 || value > 255) {
      throw new CallerException(
          ErrorCode.INVALID_ARGUMENT, "memset value " + value + " is outside 0 to 255");
    }
    checkBounds(offset, length);
    if (length == 0) {
      requireOpen();
      return;
    }
    try (Lease _ = lease()) {
      fill((byte) value, offset, length);
    }
  }

  /**
   * Checks that a range lies inside this storage.
   *
   * @param offset the first byte
   * @param length how many bytes
   * @throws CallerException with {@link ErrorCode#OUT_OF_BOUNDS} if it does not
   */
  protected final void checkBounds(long offset, long length) {
    if (offset < 0 || length < 0 || offset > byteSize - length) {
      throw new CallerException(
          ErrorCode.OUT_OF_BOUNDS,
          "bytes [%d, %d + %d) leave the %s storage of %d bytes"
              .formatted(offset, offset, length, type, byteSize));
    }
  }

  @Override
  public final Lease lease() {
    synchronized (lock) {
      requireOpen();
      leases++;
    }
    return new OneLease();
  }

  @Override
  public final boolean isClosed() {
    return closed;
  }

  @Override
  public final void close() {
    synchronized (lock) {
      closed = true;
    }
    freeIfIdle();
  }

  @Override
  public final void register(String key, RegistrationHandle handle) {
    Objects.requireNonNull(handle, "handle");
    synchronized (lock) {
      requireOpen();
      if (registrations.putIfAbsent(canonical(key), handle) != null) {
        throw new CallerException(
            ErrorCode.REGISTRATION_KEY_EXISTS,
            type + " storage is already registered under '" + key + "'; unregister it first");
      }
    }
  }

  @Override
  public final boolean isRegistered(String key) {
    synchronized (lock) {
      return registrations.containsKey(canonical(key));
    }
  }

  @Override
  public final Optional<RegistrationHandle> registrationHandle(String key) {
    synchronized (lock) {
      return Optional.ofNullable(registrations.get(canonical(key)));
    }
  }

  @Override
  public final void unregister(String key) {
    RegistrationHandle handle;
    synchronized (lock) {
      handle = registrations.remove(canonical(key));
    }
    if (handle == null) {
      throw new CallerException(
          ErrorCode.HANDLE_NOT_FOUND, type + " storage is not registered under '" + key + "'");
    }
    handle.release();
  }

  @Override
  public String toString() {
    return type + " storage of " + byteSize + " bytes" + (closed ? " (closed)" : "");
  }

  private static String canonical(String key) {
    return Objects.requireNonNull(key, "key").equals("nixl") ? "remote" : key;
  }

  /** Whoever holds a lease still reaches the bytes: work in flight drains after close. */
  private void requireLeased() {
    synchronized (lock) {
      if (leases == 0) {
        requireOpen();
      }
    }
  }

  private void requireOpen() {
    if (closed) {
      throw new ClosedException(ErrorCode.CLOSED, type + " storage is closed");
    }
  }

  private void freeIfIdle() {
    List<RegistrationHandle> handles;
    synchronized (lock) {
      if (!closed || leases > 0 || freed) {
        return;
      }
      freed = true;
      handles = new ArrayList<>(registrations.values());
      registrations.clear();
    }
    @Nullable RuntimeException failure = null;
    for (RegistrationHandle handle : handles.reversed()) {
      try {
        handle.release();
      } catch (RuntimeException e) {
        failure = combine(failure, e);
      }
    }
    try {
      free();
    } catch (RuntimeException e) {
      failure = combine(failure, e);
    }
    if (failure != null) {
      throw failure;
    }
  }

  private static RuntimeException combine(@Nullable RuntimeException first, RuntimeException next) {
    if (first == null) {
      return next;
    }
    // Handles may share one exception, which cannot suppress itself.
    if (first != next) {
      first.addSuppressed(next);
    }
    return first;
  }

  private final class OneLease implements Lease {
    private boolean returned;

    @Override
    public void close() {
      synchronized (lock) {
        if (returned) {
          return;
        }
        returned = true;
        leases--;
      }
      freeIfIdle();
    }
  }
}
