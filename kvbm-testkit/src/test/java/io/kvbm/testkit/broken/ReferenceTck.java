package io.kvbm.testkit.broken;

import io.kvbm.testkit.BackendHarness;
import io.kvbm.testkit.contract.BackendTck;

/**
 * The suite on the parts in use. Its name does not end in Test: only the engine that the teeth test
 * drives runs it.
 */
public class ReferenceTck extends BackendTck {

  @Override
  protected BackendHarness harness() {
    return new FixtureHarness();
  }
}
