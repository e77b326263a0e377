package io.kvbm.backend.disk.io;

import io.kvbm.api.KvbmException;
import org.jspecify.annotations.Nullable;

/**
 * Told what became of a request. Calls come on a thread of the engine (on the submitting thread for
 * {@link InlineEngine}): they are short, never block and may submit more.
 */
@FunctionalInterface
public interface IoCallback {

  /**
   * The request is answered: exactly once.
   *
   * @param request the request
   * @param failure null where every byte moved; otherwise why not, the memory's content is
   *     undefined. After a deadline the memory may still be in use: see {@link #released}.
   */
  void completed(IoRequest request, @Nullable KvbmException failure);

  /**
   * Nobody touches the request's memory any more: exactly once, after {@link #completed}. Only now
   * may the memory be used for something else and the file be closed.
   *
   * @param request the request
   */
  default void released(IoRequest request) {}
}
