package io.kvbm.backend.remote.path;

import io.kvbm.api.KvbmException;
import org.jspecify.annotations.Nullable;

/** Told how one copy ended. Be quick, do not block, do not throw. */
@FunctionalInterface
public interface PathCompletion {

  /**
   * The copy has ended and its memory is touched no more.
   *
   * @param failure why it failed; null if every byte moved
   */
  void ended(@Nullable KvbmException failure);
}
