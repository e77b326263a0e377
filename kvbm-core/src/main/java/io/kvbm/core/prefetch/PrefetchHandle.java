package io.kvbm.core.prefetch;

import java.util.concurrent.CompletionStage;

/** A prefetch under way. Threading: safe from any thread. */
public interface PrefetchHandle {

  /** {@return completes when it has ended; never exceptionally} */
  CompletionStage<PrefetchReport> completion();

  /** Drops what waits and ends what runs. Idempotent. */
  void cancel();
}
