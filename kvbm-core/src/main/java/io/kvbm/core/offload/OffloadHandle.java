package io.kvbm.core.offload;

import java.util.List;
import java.util.concurrent.CompletionStage;

/** Blocks that were asked to be copied. Threading: safe from any thread. */
public interface OffloadHandle {

  /** {@return how many blocks there are} */
  int blockCount();

  /** {@return how many blocks have a result; at the end as many as there are} */
  int doneCount();

  /**
   * {@return completes, once, when nothing of the call is queued or in flight, with one result per
   * block in order; never exceptionally. Continuations run on the offloader's executor, or on the
   * thread that adds them afterwards; they must not wait for the offloader}
   */
  CompletionStage<List<OffloadResult>> results();

  /**
   * {@return the results, after waiting for them without regard to interrupts; needs no thread of
   * the executor for itself}
   */
  List<OffloadResult> await();

  /**
   * Takes what is queued out of the queue, unless others asked for it too. Blocks in flight still
   * finish, or count as stalled after some time; {@link #results()} completes after they have, at
   * once where there are none.
   *
   * @return whether any block was cancelled by this call
   */
  boolean cancel();
}
