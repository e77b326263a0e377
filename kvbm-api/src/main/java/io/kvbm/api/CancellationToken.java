package io.kvbm.api;

import java.util.LinkedHashSet;
import java.util.Set;

/**
 * Tells work in progress to end. Cancelling is one-way and idempotent; callbacks run once, on the
 * cancelling thread.
 *
 * <p>Threading: safe from any thread.
 */
@Stability(Stability.Level.STABLE)
public final class CancellationToken {

  private final Set<Runnable> callbacks = new LinkedHashSet<>();
  private volatile boolean cancelled;

  /** Creates a token that is not cancelled. */
  public CancellationToken() {}

  /** {@return whether {@link #cancel()} was called} */
  public boolean isCancelled() {
    return cancelled;
  }

  /** Cancels: runs every registered callback, in order of registration. Later calls do nothing. */
  public void cancel() {
    Set<Runnable> due;
    synchronized (callbacks) {
      if (cancelled) {
        return;
      }
      cancelled = true;
      due = new LinkedHashSet<>(callbacks);
      callbacks.clear();
    }
    RuntimeException first = null;
    for (Runnable callback : due) {
      try {
        callback.run();
      } catch (RuntimeException e) {
        if (first == null) {
          first = e;
        } else if (first != e) {
          first.addSuppressed(e);
        }
      }
    }
    if (first != null) {
      throw first;
    }
  }

  /**
   * Runs {@code callback} when this token is cancelled, at once if it already is.
   *
   * @param callback what to run; each registration is its own, even of an equal callback
   * @return closes the registration; closing after the callback ran does nothing
   */
  public Registration onCancel(Runnable callback) {
    // An object of its own for each call, which the language does not promise of `callback::run`.
    Runnable own =
        new Runnable() {
          @Override
          public void run() {
            callback.run();
          }
        };
    synchronized (callbacks) {
      if (!cancelled) {
        callbacks.add(own);
        return () -> {
          synchronized (callbacks) {
            callbacks.remove(own);
          }
        };
      }
    }
    callback.run();
    return () -> {};
  }

  /** {@return a token that is cancelled with this one, and can be cancelled alone} */
  public CancellationToken child() {
    CancellationToken child = new CancellationToken();
    Registration registration = onCancel(child::cancel);
    child.onCancel(registration::close);
    return child;
  }

  /** A registered callback. */
  @FunctionalInterface
  public interface Registration extends AutoCloseable {
    @Override
    void close();
  }
}
