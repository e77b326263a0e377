package io.kvbm.core.onboard;

import io.kvbm.api.block.ImmutableBlock;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/** A sequence on its way to the top tier. Threading: safe from any thread. */
public interface Onboarding {

  /**
   * {@return completes on the onboarder's executor, when every block has arrived or is known not
   * to, at the latest at the deadline; never exceptionally because a block failed}
   */
  CompletionStage<OnboardResult> result();

  /** {@return the result, after waiting for it; needs no other thread once it is known} */
  OnboardResult await();

  /**
   * Takes each block of the result as soon as it and all before it have arrived: in order, one at a
   * time, on the onboarder's executor. The last may come after {@link #result()} has completed.
   *
   * @param consumer given blocks that stay the result's: closing them ends the result's use; what
   *     it throws is logged
   */
  void onEach(Consumer<ImmutableBlock> consumer);

  /**
   * Ends the request with what has arrived. Loads that others wait for as well go on.
   *
   * @return completes when nothing that was loaded for this request alone is in flight any more;
   *     what was is given back or in the top tier then. At once where the request had ended
   */
  CompletionStage<Void> cancel();
}
