package io.kvbm.core.races;

import org.jetbrains.lincheck.datastructures.ManagedStrategyGuaranteeKt;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;

/**
 * Has Lincheck make up calls of two threads, run them in many interleavings, and compare what they
 * give with what they give in some order one after the other.
 */
final class ModelCheck {

  /** The messages of errors are made in the JDK's formatter, which runs through long tables. */
  private static final int LOOP_BOUND = 100_000;

  static {
    System.setProperty("lincheck.logLevel", "ERROR"); // it warns of every record and lambda
  }

  private ModelCheck() {}

  /**
   * Checks the operations of a class; throws an {@link AssertionError} with the interleaving where
   * no order explains the results.
   *
   * @param operations has a constructor without parameters, which makes what is checked
   * @param scenarios how many sets of calls, made up from a seed that is the same each time
   * @param interleavings how many of each
   */
  static void run(Class<?> operations, int scenarios, int interleavings) {
    new ModelCheckingOptions()
        .threads(2)
        .actorsBefore(2)
        .actorsPerThread(3)
        .actorsAfter(2)
        .iterations(scenarios)
        .invocationsPerIteration(interleavings)
        .loopBound(LOOP_BOUND)
        .minimizeFailedScenario(true)
        .addGuarantee(
            ManagedStrategyGuaranteeKt.forClasses("io.kvbm.core.pool.BlockPool")
                .methods("notEnough")
                .ignore())
        .check(operations);
  }
}
