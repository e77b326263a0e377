package io.kvbm.api.store;

import io.kvbm.api.CallerException;
import io.kvbm.api.CorruptionException;
import io.kvbm.api.Stability;
import io.kvbm.api.transfer.TransferCompletion;
import java.util.List;
import java.util.function.Consumer;

/**
 * A tier that keeps blocks under their keys and may survive a restart or be shared. Core owns
 * slots, index and policy; the store owns bytes, headers, checksums and recovery.
 *
 * <p>The cache contract: a read gives exactly the bytes written under that key and generation, or
 * the block fails. What was written may be lost; it is never wrong. Threading: safe from any
 * thread; core never lets two operations on one slot overlap.
 */
@Stability(Stability.Level.STABLE)
public interface BlockStore extends AutoCloseable {

  /** {@return how many blocks fit} */
  int slots();

  /** {@return the most bytes of one block} */
  long slotByteSize();

  /**
   * Finds the blocks a former run left. Called once, before any write.
   *
   * @param found told each block whose header is whole and of this store's fingerprint, in no order
   * @return what was found
   */
  RecoveryReport recover(Consumer<StoredBlock> found);

  /**
   * Writes blocks. Returns without waiting.
   *
   * @param writes one entry per block; index in the list = block in the completion
   * @param completion told what became of each block
   * @implSpec never throws for a single block; a block reported done can be read; bytes with
   *     another checksum than {@link BlockWrite#checksum} fail the block with {@link
   *     CorruptionException}
   */
  void write(List<BlockWrite> writes, TransferCompletion completion);

  /**
   * Reads blocks. Returns without waiting.
   *
   * @param reads one entry per block; index in the list = block in the completion
   * @param completion told what became of each block
   * @implSpec a slot that holds another key, generation or checksum fails the block with {@link
   *     CorruptionException}; a slot that holds nothing fails it with {@link CallerException} and
   *     code {@code NOT_FOUND}
   */
  void read(List<BlockRead> reads, TransferCompletion completion);

  /**
   * Forgets a block, so that it is not found again. Does nothing if the slot has another
   * generation.
   *
   * @param slot the slot
   * @param generation the generation to forget
   */
  void invalidate(int slot, long generation);

  /** Waits for operations in flight, then releases everything. Later calls do nothing. */
  @Override
  void close();
}
