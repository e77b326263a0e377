package io.kvbm.api.remote;

import io.kvbm.api.ConfigurationException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;

/** Joins directories of one kind. Threading: safe from any thread. */
@Stability(Stability.Level.PREVIEW)
public interface DirectoryFactory {

  /** {@return the kind, for instance {@code etcd}; chosen by name in configurations} */
  String name();

  /**
   * Joins the directory. Returns when this member is announced, or when the directory cannot be
   * reached at present: then it goes on trying.
   *
   * @param self this member; a former member of the same agent name is replaced
   * @param listener told what becomes of other members
   * @return the caller closes it, which withdraws the member
   * @throws ConfigurationException with {@link ErrorCode#INVALID_CONFIG} if settings are missing
   */
  BlockDirectory join(DirectoryMember self, DirectoryListener listener);
}
