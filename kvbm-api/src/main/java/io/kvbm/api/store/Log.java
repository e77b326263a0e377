package io.kvbm.api.store;

import io.kvbm.api.BackendException;
import io.kvbm.api.CallerException;
import io.kvbm.api.ErrorCode;
import io.kvbm.api.Stability;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CompletionStage;

/**
 * An append-only log of records with rising sequence numbers, for write-ahead logging.
 *
 * <p>Durable contract: what {@link Durability#SYNCED} acknowledged is replayed after a crash; a
 * replay gives a prefix of what was appended, in order, without holes. Threading: safe from any
 * thread; appends are ordered by their sequence numbers.
 */
@Stability(Stability.Level.STABLE)
public interface Log extends AutoCloseable {

  /**
   * Appends a record.
   *
   * @param record its bytes, 0 to {@link #maxRecordByteSize()}; copied before the call returns
   * @param durability when the stage completes; appends that wait together share one sync
   * @return completes with the record's sequence number, or exceptionally with {@link
   *     BackendException}: then whether the record is in the log is not known, and its number is
   *     not used again
   * @throws CallerException with {@link ErrorCode#INVALID_ARGUMENT} if the record is too long
   */
  CompletionStage<Long> append(MemorySegment record, Durability durability);

  /** {@return the most bytes of a record} */
  long maxRecordByteSize();

  /** {@return the number the next record gets; the first is 1} */
  long nextSequence();

  /**
   * {@return the number of the oldest record kept; equals {@link #nextSequence()} when there is
   * none}
   */
  long firstSequence();

  /**
   * Reads records in order.
   *
   * @param fromSequence the first to read; older ones that were truncated are skipped
   * @param reader told each record
   * @return the sequence number behind the last record read
   */
  long replay(long fromSequence, RecordReader reader);

  /**
   * Drops records that are no longer needed.
   *
   * @param beforeSequence records below this number may go; none at or above it does
   */
  void truncateBefore(long beforeSequence);

  /** Makes every record appended so far durable. */
  void sync();

  /** Syncs and releases everything. Later calls do nothing. */
  @Override
  void close();

  /** Told the records of a log. */
  @FunctionalInterface
  interface RecordReader {
    /**
     * Takes one record.
     *
     * @param sequence its number
     * @param record its bytes, read only, valid during the call
     * @return whether to go on
     */
    boolean accept(long sequence, MemorySegment record);
  }
}
