package io.kvbm.api.storage;

import io.kvbm.api.Stability;

/**
 * Keeps a storage from being freed while bytes move. A storage closed under leases frees its memory
 * when the last one is closed. Closing twice does nothing.
 */
@Stability(Stability.Level.STABLE)
@FunctionalInterface
public interface Lease extends AutoCloseable {
  @Override
  void close();
}
