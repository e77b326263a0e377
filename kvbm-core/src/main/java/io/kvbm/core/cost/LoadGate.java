package io.kvbm.core.cost;

/** Decides how much of a sequence to load. Threading: safe from any thread. */
@FunctionalInterface
public interface LoadGate {

  /**
   * {@return how many of the blocks found to load}
   *
   * @param plan where they are
   */
  Decision decide(RoutePlan plan);
}
