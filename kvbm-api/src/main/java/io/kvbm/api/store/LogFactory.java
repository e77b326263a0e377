package io.kvbm.api.store;

import io.kvbm.api.Stability;

/** Opens logs of one backend. */
@Stability(Stability.Level.STABLE)
public interface LogFactory {

  /** {@return the storage kind of the records, for instance {@code disk}} */
  String storageKind();

  /**
   * Opens a log, recovering what a former run left.
   *
   * @param location what the backend understands: a directory, a name; logs with one location are
   *     the same
   * @return an open log; the caller closes it
   */
  Log open(String location);
}
