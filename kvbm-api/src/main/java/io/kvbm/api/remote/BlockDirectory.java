package io.kvbm.api.remote;

import io.kvbm.api.Stability;
import io.kvbm.api.block.BlockKey;
import java.time.Duration;
import java.util.List;

/**
 * Who holds which blocks, as one member sees it: a local copy of what all members publish, so
 * look-ups never wait for the network. What it says is a hint: a member may have dropped a block
 * since. Threading: safe from any thread; {@link #publish} and the look-ups do not block.
 */
@Stability(Stability.Level.PREVIEW)
public interface BlockDirectory extends AutoCloseable {

  /**
   * Announces what this member can lend from now on and what no longer. Collected and sent in
   * batches; sent again after the directory was lost. A block that is added and removed between two
   * batches costs nothing. Never throws: what does not fit the directory's limits is left out and
   * counted.
   *
   * @param added blocks that can be had
   * @param removed blocks that cannot any more
   */
  void publish(List<BlockKey> added, List<BlockKey> removed);

  /** This member has no blocks any more. */
  void clear();

  /**
   * {@return the members that may have the longest prefix of a sequence beyond some blocks, the
   * best first; never this member}
   *
   * @param fingerprint members of another one are left out
   * @param keys the blocks of the sequence, in order
   * @param from the first block that is wanted: members that do not have it are left out
   */
  List<Holder> holders(long fingerprint, List<BlockKey> keys, int from);

  /** {@return the other members there are now} */
  List<DirectoryMember> members();

  /** {@return whether the directory can be reached now} */
  boolean isConnected();

  /**
   * Waits until everything published before is sent.
   *
   * @param timeout how long at most
   * @return whether it was
   */
  boolean flush(Duration timeout);

  /** {@return counters since it was joined} */
  DirectoryStatistics statistics();

  /** Withdraws this member, where the directory can be reached. Later calls do nothing. */
  @Override
  void close();

  /**
   * A member that may have blocks.
   *
   * @param member who
   * @param blocks how many blocks of the sequence from the first wanted one, as far as is known; 0
   *     where the directory knows members only and the member has to be asked
   */
  record Holder(DirectoryMember member, int blocks) {}
}
