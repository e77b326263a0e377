package io.kvbm.api.policy;

import io.kvbm.api.Stability;
import java.util.List;

/** Guesses what is used next, for prefetching. Threading: calls come one at a time. */
@Stability(Stability.Level.PREVIEW)
public interface Predictor {

  /**
   * Something was used.
   *
   * @param id what
   * @param timeNanos when, on the platform's clock
   */
  void observe(String id, long timeNanos);

  /**
   * {@return guesses, likeliest first}
   *
   * @param timeNanos now, on the platform's clock
   * @param limit at most so many
   */
  List<Prediction> predict(long timeNanos, int limit);

  /**
   * A guess.
   *
   * @param id what is used next
   * @param probability 0 to 1
   * @param expectedNanos when, on the platform's clock
   */
  record Prediction(String id, double probability, long expectedNanos) {}
}
