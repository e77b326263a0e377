package io.kvbm.core.tiering;

import io.kvbm.api.block.ImmutableBlock;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Blocks on their way from other workers. Threading: safe from any thread. */
public interface PeerLoad {

  /** Nothing. */
  PeerLoad NONE =
      new PeerLoad() {
        @Override
        public CompletionStage<List<ImmutableBlock>> blocks() {
          return CompletableFuture.completedStage(List.of());
        }

        @Override
        public CompletionStage<Void> cancel() {
          return CompletableFuture.completedStage(null);
        }
      };

  /**
   * {@return completes with the longest prefix that came, registered in the target tier; whoever
   * takes it closes each. Never exceptionally}
   */
  CompletionStage<List<ImmutableBlock>> blocks();

  /** {@return completes when nothing is in flight any more} */
  CompletionStage<Void> cancel();
}
