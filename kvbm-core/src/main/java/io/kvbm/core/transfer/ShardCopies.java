package io.kvbm.core.transfer;

import io.kvbm.api.transfer.TransferCompletion;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/**
 * Copies blocks whose bytes are in shards on workers. Threading: safe from any thread; does not
 * wait.
 */
public interface ShardCopies {

  /**
   * Starts copying each block on every worker. A block is done with the sum of what its shards
   * moved, once every shard is. Does not throw.
   *
   * @param source the set to read
   * @param target the set to write
   * @param moves which slots
   * @param deadlineNanos when whoever waits gives up, on the clock of the engine; 0 = never
   * @param completion told what became of each block
   */
  void move(
      int source,
      int target,
      List<BlockMove> moves,
      long deadlineNanos,
      TransferCompletion completion);

  /**
   * {@return completes when no worker can write or read a slot any more on behalf of a move that
   * was given up; empty where none can}
   *
   * @param set the set of the slot
   * @param slot the slot
   */
  Optional<CompletionStage<Void>> unsettled(int set, int slot);

  /** {@return how often workers were reset; shards copied before are not there any more} */
  long resets();

  /**
   * Does something that no reset comes in between of.
   *
   * @param resets what {@link #resets()} was when the copies began
   * @param action what to do; quick
   * @return what it gave, or empty if workers were reset since then; it was not done
   */
  <T> Optional<T> unlessReset(long resets, Supplier<T> action);
}
