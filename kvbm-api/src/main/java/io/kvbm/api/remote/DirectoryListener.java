package io.kvbm.api.remote;

import io.kvbm.api.Stability;

/**
 * Told what becomes of the other members of a directory. Threading: called on one thread of the
 * directory, one call at a time, in order: be quick, do not block, do not throw.
 */
@Stability(Stability.Level.PREVIEW)
public interface DirectoryListener {

  /** Does nothing. */
  DirectoryListener NONE =
      new DirectoryListener() {
        @Override
        public void joined(DirectoryMember member) {}

        @Override
        public void left(DirectoryMember member) {}

        @Override
        public void connection(boolean connected) {}
      };

  /**
   * A member can be asked from now on.
   *
   * @param member another one than this; a new generation of a name comes after the old one left
   */
  void joined(DirectoryMember member);

  /**
   * A member is gone: it was closed, its lease ended, or a new generation replaced it. References
   * to it fail as disconnected.
   *
   * @param member as it had joined
   */
  void left(DirectoryMember member);

  /**
   * The directory itself was lost or found again. While it is lost, what was known is kept until
   * its leases must have ended; then every member leaves.
   *
   * @param connected whether it can be reached
   */
  void connection(boolean connected);
}
